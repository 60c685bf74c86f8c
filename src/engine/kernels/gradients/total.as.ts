/** Twin of total.wgsl, added up in float64. One task: the stretch is one value a row of a batch. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'

@unmanaged
class Stretch {
  first: u32
  count: u32
  at: u32
  scale: f32
}

export function total(d: Dispatch): void {
  if (take(d) > 0) return
  const stretch = struct<Stretch>(d, 2)
  const values = at(d, 0) + 4 * stretch.first
  let sum: f64 = 0
  for (let i: u32 = 0; i < stretch.count; i++) sum += <f64>load<f32>(values + 4 * i)
  const out = at(d, 1) + 4 * stretch.at
  store<f32>(out, <f32>(<f64>load<f32>(out) + <f64>stretch.scale * sum))
}
