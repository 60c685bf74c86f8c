/** Twin of gradient-norm.wgsl, added up in float64: finite is what fits into a float32. One task. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'

@unmanaged
class Sums {
  count: u32
  clip: f32
}

export function gradientNorm(d: Dispatch): void {
  if (take(d) > 0) return
  const shape = struct<Sums>(d, 2)
  let sum: f64 = 0
  for (let i: u32 = 0; i < shape.count; i++) sum += <f64>load<f32>(at(d, 0) + 4 * i)
  // Squares are not negative: a sum that is infinite or no number stays so.
  const all = <f32>sum
  const norm = Mathf.sqrt(all)
  const result = at(d, 1)
  store<f32>(result, norm)
  store<f32>(result, shape.clip > 0 && norm > shape.clip ? shape.clip / norm : 1, 4)
  store<f32>(result, isFinite<f32>(all) ? 1 : 0, 8)
}
