/** Four floats at a time: multiply-add, sums over lanes, exp, halves. */

/**
 * a * b + c: rounded once where the build has relaxed SIMD and the processor a fused multiply-add, else twice.
 * The two builds may differ in last bits, never the threads or batches of one.
 */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/** Sum of the four lanes, always in the same order: (0 + 2) + (1 + 3). */
@inline
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1)
}

/** Largest of the four lanes. */
@inline
export function maxLanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  )
}

const LOG2E: f32 = 1.44269504088896341
const LN2_HIGH: f32 = 0.693359375
const LN2_LOW: f32 = -2.12194440e-4

/**
 * exp of each lane, within 2 units in the last place from -87.3 to 88.7; 0 below, infinity above, NaN stays.
 * 2^k e^r with |r| <= ln 2 / 2, e^r by the polynomial of Cephes' expf.
 */
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.min(f32x4.max(x, f32x4.splat(-104)), f32x4.splat(88.8))
  const k = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(LOG2E)))
  let r = f32x4.sub(clamped, f32x4.mul(k, f32x4.splat(LN2_HIGH)))
  r = f32x4.sub(r, f32x4.mul(k, f32x4.splat(LN2_LOW)))
  let p = f32x4.splat(1.9875691500e-4)
  p = madd(p, r, f32x4.splat(1.3981999507e-3))
  p = madd(p, r, f32x4.splat(8.3334519073e-3))
  p = madd(p, r, f32x4.splat(4.1665795894e-2))
  p = madd(p, r, f32x4.splat(1.6666665459e-1))
  p = madd(p, r, f32x4.splat(5.0000001201e-1))
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1))
  // 2^k in two steps, so that neither leaves the range of exponents before the result does.
  const half = f32x4.nearest(f32x4.mul(k, f32x4.splat(0.5)))
  const low = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(half), i32x4.splat(127)), 23)
  const high = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(f32x4.sub(k, half)), i32x4.splat(127)), 23)
  const value = f32x4.mul(f32x4.mul(p, low), high)
  const dead = f32x4.lt(x, f32x4.splat(-87.33655))
  return v128.andnot(v128.bitselect(x, value, f32x4.ne(x, x)), dead)
}

/** exp of one number: lane 0 of `exp4`, so that it is the same number. */
@inline
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0)
}

/** Natural logarithm of a number above 0, in float64 and rounded once. */
@inline
export function log1(x: f32): f32 {
  return <f32>Math.log(<f64>x)
}

/** Four halves, in the low 16 bits of each lane, as floats; exact, subnormals, infinities and NaN among them. */
@inline
export function unpackHalves(bits: v128): v128 {
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16)
  const magnitude = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13)
  // Exponents are 112 apart; multiplying by 2^112 makes normal numbers of subnormal ones as well.
  const scaled = f32x4.mul(magnitude, f32x4.splat(reinterpret<f32>(0x77800000)))
  const special = i32x4.ge_s(magnitude, i32x4.splat(0x0f800000))
  const kept = v128.or(scaled, v128.and(special, i32x4.splat(0x7f800000)))
  return v128.or(v128.bitselect(v128.or(kept, magnitude), kept, special), sign)
}

/** The low four halves of eight. */
@inline
export function lowHalves(eight: v128): v128 {
  return unpackHalves(i32x4.extend_low_i16x8_u(eight))
}

/** The high four halves of eight. */
@inline
export function highHalves(eight: v128): v128 {
  return unpackHalves(i32x4.extend_high_i16x8_u(eight))
}

/** Four floats rounded to halves (nearest, ties to even; overflow gives infinity), in the low 16 bits of each lane. */
@inline
export function packHalves(x: v128): v128 {
  const sign = i32x4.shr_u(v128.and(x, i32x4.splat(0x80000000)), 16)
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff))
  // Below 2^-14 the addition of 1/2 already rounds to units of 2^-24.
  const tiny = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(0x3f000000))
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1))
  const rounded = i32x4.add(i32x4.add(magnitude, i32x4.splat(0xfff - 0x38000000)), odd)
  const normal = i32x4.shr_u(rounded, 13)
  let half = v128.bitselect(tiny, normal, i32x4.lt_s(magnitude, i32x4.splat(0x38800000)))
  half = v128.bitselect(i32x4.splat(0x7c00), half, i32x4.ge_s(magnitude, i32x4.splat(0x477ff000)))
  half = v128.bitselect(i32x4.splat(0x7e00), half, i32x4.gt_s(magnitude, i32x4.splat(0x7f800000)))
  return v128.or(half, sign)
}
