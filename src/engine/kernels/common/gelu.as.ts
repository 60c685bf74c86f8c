/**
 * GPT-2's GELU, x / 2 (1 + tanh u) with u = sqrt(2 / pi) (x + 0.044715 x^3), and its slope. As 1 + tanh u is
 * 2 / (1 + exp(-2 u)), one exp and one division do, and small results keep their digits.
 */
import { expDown4 } from './exp-down.as'
import { madd } from './simd.as'

/** 2 sqrt(2 / pi) */
const TWICE_ROOT: f32 = 1.5957691216057308

/** In memory for the reason given in exp-down.as.ts. */
const TABLE: usize = memory.data<f32>([
  -0.044715 * TWICE_ROOT,
  -TWICE_ROOT,
  60, // exp(60): beyond that nothing is left of x, and yet no number that processors are slow with
  1e26,
  1,
])

@inline
function constant(i: usize): v128 {
  return v128.load32_splat(TABLE + 4 * i)
}

/** exp(-2 u), as far as exp(60). */
@inline
function tail(x: v128, square: v128): v128 {
  const u = f32x4.mul(x, madd(square, constant(0), constant(1)))
  return expDown4(f32x4.pmin(u, constant(2)), -87.3)
}

/** 0 where the exponential ends, be x as large as it may. */
@inline
export function geluTanh4(x: v128): v128 {
  const e = tail(x, f32x4.mul(x, x))
  return v128.andnot(f32x4.div(x, f32x4.add(constant(4), e)), f32x4.gt(e, constant(3)))
}

/** d GELU / dx = s + 2 x s (1 - s) du/dx, with s = 1 / (1 + e), e = exp(-2 u), so that s (1 - s) is e s^2. */
@inline
export function geluTanhSlope4(x: v128): v128 {
  // Where s is as good as 0 or 1, the slope's other factor may not grow without end.
  const square = f32x4.pmin(f32x4.mul(x, x), f32x4.splat(1e6))
  const e = tail(x, square)
  const s = f32x4.div(constant(4), f32x4.add(constant(4), e))
  const rise = madd(square, f32x4.splat(3 * 0.044715 * TWICE_ROOT), f32x4.splat(TWICE_ROOT))
  return madd(f32x4.mul(f32x4.mul(e, s), s), f32x4.mul(x, rise), s)
}
