/**
 * GPT-2's GELU, x / 2 (1 + tanh u) with u = sqrt(2 / pi) (x + 0.044715 x^3), and its slope. As 1 + tanh u is
 * 2 / (1 + exp(-2 u)), one exp and one division do, and small results keep their digits.
 */
import { expDown4 } from './exp-down.as'
import { madd } from './simd.as'

/** 2 sqrt(2 / pi) */
const TWICE_ROOT: f32 = 1.5957691216057308

/** exp(-2 u), as far as exp(60): beyond that nothing is left of x, and yet no number that processors are slow with. */
@inline
function tail(x: v128, square: v128): v128 {
  const u = f32x4.mul(x, madd(square, f32x4.splat(-0.044715 * TWICE_ROOT), f32x4.splat(-TWICE_ROOT)))
  return expDown4(f32x4.pmin(u, f32x4.splat(60)), -87.3)
}

/** 0 where the exponential ends, be x as large as it may. */
@inline
export function gelu4(x: v128): v128 {
  const e = tail(x, f32x4.mul(x, x))
  return v128.andnot(f32x4.div(x, f32x4.add(f32x4.splat(1), e)), f32x4.gt(e, f32x4.splat(1e26)))
}

/** d GELU / dx = s + 2 x s (1 - s) du/dx, with s = 1 / (1 + e), e = exp(-2 u), so that s (1 - s) is e s^2. */
@inline
export function geluSlope4(x: v128): v128 {
  // Where s is as good as 0 or 1, the slope's other factor may not grow without end.
  const square = f32x4.pmin(f32x4.mul(x, x), f32x4.splat(1e6))
  const e = tail(x, square)
  const s = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e))
  const rise = madd(square, f32x4.splat(3 * 0.044715 * TWICE_ROOT), f32x4.splat(TWICE_ROOT))
  return madd(f32x4.mul(f32x4.mul(e, s), s), f32x4.mul(x, rise), s)
}
