import { madd } from '../common/simd.as'

/**
 * exp of each lane for x <= 0, with fewer steps than exp4 as 2^k e^r cannot overflow: 1 at 0, 0 below -87.3, NaN stays. Adding
 * 1.5 * 2^23 rounds x / ln 2 to the whole number k and leaves it in the low bits.
 */
@inline
export function expBelow0(x: v128): v128 {
  const magic = f32x4.splat(12582912)
  const bounded = f32x4.pmax(x, f32x4.splat(-87.3))
  const rounded = madd(bounded, f32x4.splat(1.44269504088896341), magic)
  const k = f32x4.sub(rounded, magic)
  let r = madd(k, f32x4.splat(-0.693359375), bounded)
  r = madd(k, f32x4.splat(2.12194440e-4), r)
  let p = f32x4.splat(1.9875691500e-4)
  p = madd(p, r, f32x4.splat(1.3981999507e-3))
  p = madd(p, r, f32x4.splat(8.3334519073e-3))
  p = madd(p, r, f32x4.splat(4.1665795894e-2))
  p = madd(p, r, f32x4.splat(1.6666665459e-1))
  p = madd(p, r, f32x4.splat(5.0000001201e-1))
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1))
  const value = i32x4.add(p, i32x4.shl(rounded, 23))
  return v128.andnot(value, f32x4.lt(x, f32x4.splat(-87.3)))
}
