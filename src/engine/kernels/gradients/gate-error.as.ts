/** Twin of gate-error.wgsl. A task is a stretch of rows. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import { log4 } from '../common/log.as'

@unmanaged
class Layer {
  T: u32
  rows: u32
  layer: u32
  window: u32
  weight: f32
}

const LEAST: f32 = 1e-6
const TASK: u32 = 64

export function gateError(d: Dispatch): void {
  const layer = struct<Layer>(d, 6)
  const bias = load<f32>(at(d, 1) + 4 * layer.layer)
  for (let first = take(d) * TASK; first < layer.rows; first = take(d) * TASK) {
    const end = min(first + TASK, layer.rows)
    for (let row = first; row < end; row++) {
      const at4: usize = 4 * <usize>row
      let error: f32 = 0
      if ((row % layer.T) + layer.window < layer.T) {
        const peak = max(load<f32>(at(d, 2) + at4), LEAST)
        error = load<f32>(at(d, 0) + 4 * at4) + bias - f32x4.extract_lane(log4(f32x4.splat(peak)), 0)
      }
      const gradient: f32 = 2 * layer.weight * error
      store<f32>(at(d, 3) + at4, error * error)
      v128.store(at(d, 4) + 4 * at4, f32x4.replace_lane(f32x4.splat(0), 0, gradient))
      store<f32>(at(d, 5) + at4, gradient)
    }
  }
}
