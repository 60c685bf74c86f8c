/** Twin of gelu.wgsl. A task is a stretch of vec4s. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import { gelu4 } from '../common/gelu.as'
import { TASK_QUADS } from './tasks.as'

/** What kernels that go element by element take; depth-mask has the same. */
@unmanaged
export class Elements {
  quads: u32
  across: u32
}

export function gelu(d: Dispatch): void {
  const quads = struct<Elements>(d, 2).quads
  for (let first = take(d) * TASK_QUADS; first < quads; first = take(d) * TASK_QUADS) {
    const start: usize = 16 * first
    const end: usize = 16 * min(first + TASK_QUADS, quads)
    const inputs = at(d, 0)
    const outputs = at(d, 1)
    let i = start
    // Pairs that V8 can fuse.
    for (; i + 32 <= end; i += 32) {
      const x = gelu4(v128.load(inputs + i))
      const y = gelu4(v128.load(inputs + i, 16))
      v128.store(outputs + i, x)
      v128.store(outputs + i, y, 16)
    }
    if (i < end) v128.store(outputs + i, gelu4(v128.load(inputs + i)))
  }
}
