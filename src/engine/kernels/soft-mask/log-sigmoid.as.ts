/** Twin of log-sigmoid.wgsl, four numbers at a time. */
import { log4 } from '../common/log.as'
import { exp4, madd } from '../common/simd.as'

/** log(1 / (1 + exp(-x))) of each lane. */
export function logSigmoid(x: v128): v128 {
  const one = f32x4.splat(1)
  const e = exp4(f32x4.neg(f32x4.abs(x)))
  let p = madd(e, f32x4.splat(-1.0 / 6.0), f32x4.splat(1.0 / 5.0))
  p = madd(e, f32x4.neg(p), f32x4.splat(1.0 / 4.0))
  p = madd(e, f32x4.neg(p), f32x4.splat(1.0 / 3.0))
  p = madd(e, f32x4.neg(p), f32x4.splat(1.0 / 2.0))
  const near = f32x4.mul(e, madd(e, f32x4.neg(p), one))
  const far = log4(f32x4.add(one, e))
  const tail = v128.bitselect(near, far, f32x4.lt(e, f32x4.splat(0.1)))
  return f32x4.sub(f32x4.min(x, f32x4.splat(0)), tail)
}
