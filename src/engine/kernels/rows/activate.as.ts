/** Twin of activate.wgsl. A task is a stretch of vec4s. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { activateInto } from './activation.as'
import { TASK_QUADS } from './tasks.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  ACTIVATION: u32
}

/** What kernels that go element by element take; depth-mask has the same. */
@unmanaged
export class Elements {
  quads: u32
  across: u32
}

export function activate(d: Dispatch): void {
  const activation = constants<Constants>(d).ACTIVATION
  const quads = struct<Elements>(d, 2).quads
  for (let first = take(d) * TASK_QUADS; first < quads; first = take(d) * TASK_QUADS) {
    const start: usize = 16 * first
    const end: usize = 16 * min(first + TASK_QUADS, quads)
    activateInto(activation, end - start, at(d, 0) + start, at(d, 1) + start)
  }
}
