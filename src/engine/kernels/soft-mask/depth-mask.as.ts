/** Twin of depth-mask.wgsl. A task is a stretch of vec4s. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Elements } from '../rows/activate.as'
import { TASK_QUADS } from '../rows/tasks.as'
import { GONE } from './alpha-sigmoid.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  FIRST: u32
}

export function depthMask(d: Dispatch): void {
  const k = constants<Constants>(d)
  const quads = struct<Elements>(d, 3).quads
  const least = f32x4.splat(GONE)
  for (let first = take(d) * TASK_QUADS; first < quads; first = take(d) * TASK_QUADS) {
    const start: usize = 16 * first
    const end: usize = 16 * min(first + TASK_QUADS, quads)
    const own = at(d, 0)
    const total = at(d, 2)
    if (k.FIRST) {
      memory.copy(total + start, own + start, end - start)
      continue
    }
    const earlier = at(d, 1)
    for (let i = start; i < end; i += 16) {
      // The sum comes first in pmax: it is what stays of a NaN.
      v128.store(total + i, f32x4.pmax(f32x4.add(v128.load(own + i), v128.load(earlier + i)), least))
    }
  }
}
