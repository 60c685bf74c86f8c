/** Sixteen-bit floats on the host: IEEE half (f16) and bfloat16. Node 20 has no Float16Array. */

const WORD = new Float32Array(1)
const BITS = new Uint32Array(WORD.buffer)

/** Exact. */
export function f16ToF32(half: number): number {
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  const sign = half & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Rounds to nearest, ties to even; overflow gives infinity. */
export function f32ToF16(value: number): number {
  WORD[0] = value
  const bits = BITS[0]
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Subnormal: the value in units of 2^-24, rounded by the addition of 2^23 in float32.
    WORD[0] = Math.abs(value) * 2 ** 24 + 8388608
    return sign | (BITS[0] - 0x4b000000)
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((rounded - 0x38000000) >>> 13)
}

/** Rounds to nearest, ties to even; overflow gives infinity. */
export function f32ToBf16(value: number): number {
  WORD[0] = value
  const bits = BITS[0]
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}

/** Exact: bfloat16 is the upper half of a float32. */
export function bf16ToF32(half: number): number {
  BITS[0] = half << 16
  return WORD[0]
}
