/** Twin of divergence-rows.wgsl, in float64 but for what it reads. A task is a stretch of rows. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'

@unmanaged
class Rows {
  count: u32
}

/** The target of a row that predicts nothing. */
export const NONE: u32 = 0xffffffff
const TASK: u32 = 256

export function divergenceRows(d: Dispatch): void {
  const rows = struct<Rows>(d, 5).count
  for (let first = take(d) * TASK; first < rows; first = take(d) * TASK) {
    const end = min(first + TASK, rows)
    for (let row = first; row < end; row++) {
      const predicts = load<u32>(at(d, 3) + 4 * row) !== NONE
      const state: usize = 16 * row
      const kl: f32 = predicts ? ofRow(at(d, 0) + state, at(d, 1) + state, at(d, 2) + state) : 0
      store<f32>(at(d, 4) + 4 * row, kl)
    }
  }
}

function ofRow(divergence: usize, base: usize, other: usize): f32 {
  const mass = <f64>load<f32>(base, 4)
  const apart = <f64>load<f32>(divergence, 8) + <f64>load<f32>(other) - <f64>load<f32>(base)
  const mean = <f64>load<f32>(divergence, 4) / mass
  return <f32>(mean + apart + Math.log(<f64>load<f32>(other, 4) / mass))
}
