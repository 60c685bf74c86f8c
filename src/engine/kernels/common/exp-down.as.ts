/** exp where softmaxes need it, of numbers that are not above 0: half the instructions of the full range. */
import { madd } from './simd.as'

const LOG2E: f32 = 1.44269504088896341
const LN2_HIGH: f32 = 0.693359375
const LN2_LOW: f32 = -2.12194440e-4
/** 1.5 * 2^23: adding it rounds to a whole number k and leaves k in the low bits, a shift away from the exponent's. */
const ROUND: f32 = 12582912

/**
 * exp of each lane up to 88, within 2 units in the last place; 0 below `lowest`, which is -87.3 or above; NaN stays.
 * The polynomial is that of `exp4`.
 */
@inline
export function expDown4(x: v128, lowest: f32): v128 {
  const low = f32x4.splat(lowest)
  const dead = f32x4.lt(x, low)
  // pmax is one instruction, max several, and keeps a NaN that comes first.
  const v = f32x4.pmax(x, low)
  const t = madd(v, f32x4.splat(LOG2E), f32x4.splat(ROUND))
  const k = f32x4.sub(t, f32x4.splat(ROUND))
  let r = madd(k, f32x4.splat(-LN2_HIGH), v)
  r = madd(k, f32x4.splat(-LN2_LOW), r)
  let p = f32x4.splat(1.9875691500e-4)
  p = madd(p, r, f32x4.splat(1.3981999507e-3))
  p = madd(p, r, f32x4.splat(8.3334519073e-3))
  p = madd(p, r, f32x4.splat(4.1665795894e-2))
  p = madd(p, r, f32x4.splat(1.6666665459e-1))
  p = madd(p, r, f32x4.splat(5.0000001201e-1))
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1))
  // p lies between 0.7 and 1.42: adding k to its exponent multiplies it by 2^k.
  return v128.andnot(i32x4.add(p, i32x4.shl(t, 23)), dead)
}
