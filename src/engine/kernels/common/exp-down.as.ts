/** exp where softmaxes need it, of numbers that are not above 0: half the instructions of the full range. */
import { madd } from './simd.as'

/**
 * What `expDown4` multiplies by and adds. In memory, as V8 builds a constant that it sees anew wherever it is used, in
 * three instructions. Every thread's instance writes the same before the first kernel runs.
 */
const TABLE: usize = memory.data<f32>([
  1.44269504088896341, // log2 e
  12582912, // 1.5 * 2^23: adding it rounds to a whole number k and leaves k in the low bits, a shift from the exponent's
  -0.693359375, // minus ln 2, in two parts
  2.12194440e-4,
  1.9875691500e-4, // the polynomial, from its highest power on
  1.3981999507e-3,
  8.3334519073e-3,
  4.1665795894e-2,
  1.6666665459e-1,
  5.0000001201e-1,
  1,
  -87.3,
])

/** Constant `i` of the table in all lanes. */
@inline
function constant(i: usize): v128 {
  return v128.load32_splat(TABLE + 4 * i)
}

/**
 * exp of each lane up to 88, within 2 units in the last place; 0 below `lowest`, which is -87.3 or above; NaN stays.
 * The polynomial is that of `exp4`. Two of neighbouring vectors, stored side by side, are what V8 can fuse.
 */
@inline
export function expDown4(x: v128, lowest: f32): v128 {
  const low = lowest === <f32>-87.3 ? constant(11) : f32x4.splat(lowest)
  const dead = f32x4.lt(x, low)
  // pmax is one instruction, max several, and keeps a NaN that comes first.
  const v = f32x4.pmax(x, low)
  const t = madd(v, constant(0), constant(1))
  const k = f32x4.sub(t, constant(1))
  let r = madd(k, constant(2), v)
  r = madd(k, constant(3), r)
  let p = constant(4)
  p = madd(p, r, constant(5))
  p = madd(p, r, constant(6))
  p = madd(p, r, constant(7))
  p = madd(p, r, constant(8))
  p = madd(p, r, constant(9))
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), constant(10))
  // p lies between 0.7 and 1.42: adding k to its exponent multiplies it by 2^k.
  return v128.andnot(i32x4.add(p, i32x4.shl(t, 23)), dead)
}
