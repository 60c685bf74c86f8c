/** Natural logarithm of four floats at a time: what simd.as.ts has for exp. */
import { madd } from './simd.as'

const LN2_HIGH: f32 = 0.693359375
const LN2_LOW: f32 = -2.12194440e-4

/**
 * log of each lane within 1 unit in the last place or so, for normal numbers above 0; NaN stays.
 * x = 2^k m with sqrt(1/2) <= m < sqrt(2), log m by the polynomial of Cephes' logf.
 */
@inline
export function log4(x: v128): v128 {
  // Counted from the bits of sqrt(1/2), the exponent field says k and the rest, put back, is m.
  const bits = i32x4.sub(x, i32x4.splat(0x3f3504f3))
  const k = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23))
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3))
  const r = f32x4.sub(m, f32x4.splat(1))
  const square = f32x4.mul(r, r)
  let p = f32x4.splat(7.0376836292e-2)
  p = madd(p, r, f32x4.splat(-1.1514610310e-1))
  p = madd(p, r, f32x4.splat(1.1676998740e-1))
  p = madd(p, r, f32x4.splat(-1.2420140846e-1))
  p = madd(p, r, f32x4.splat(1.4249322787e-1))
  p = madd(p, r, f32x4.splat(-1.6668057665e-1))
  p = madd(p, r, f32x4.splat(2.0000714765e-1))
  p = madd(p, r, f32x4.splat(-2.4999993993e-1))
  p = madd(p, r, f32x4.splat(3.3333331174e-1))
  let y = f32x4.mul(f32x4.mul(p, r), square)
  y = madd(k, f32x4.splat(LN2_LOW), y)
  y = madd(square, f32x4.splat(-0.5), y)
  const value = madd(k, f32x4.splat(LN2_HIGH), f32x4.add(r, y))
  return v128.bitselect(x, value, f32x4.ne(x, x))
}
