/** Twin of target-logit.wgsl. A task is a stretch of targets. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Part } from './logsumexp.as'

@unmanaged
class Constants {
  N: u32
  WORKGROUP: u32
}

const TASK: u32 = 1024

export function targetLogit(d: Dispatch): void {
  const k = constants<Constants>(d)
  const part = struct<Part>(d, 3)
  for (let first = take(d) * TASK; first < part.targets; first = take(d) * TASK) {
    const end = min(first + TASK, part.targets)
    for (let i = first; i < end; i++) {
      const target = at(d, 1) + 8 * i
      const row = load<u32>(target) - part.firstRow
      const column = load<u32>(target, 4) - part.firstToken
      if (row >= part.rows || column >= part.columns) continue
      store<f32>(at(d, 2) + 4 * i, load<f32>(at(d, 0) + 4 * (row * k.N + column)))
    }
  }
}
