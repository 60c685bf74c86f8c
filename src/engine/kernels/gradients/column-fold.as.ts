/** Twin of column-fold.wgsl. A task is a stretch of columns. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import { addRow } from './add-rows.as'

@unmanaged
class Blocks {
  count: u32
  N4: u32
}

/** vec4s of columns. */
const STRETCH: u32 = 64

export function columnFold(d: Dispatch): void {
  const blocks = struct<Blocks>(d, 2)
  for (let first = take(d) * STRETCH; first < blocks.N4; first = take(d) * STRETCH) {
    const bytes: usize = 16 * min(STRETCH, blocks.N4 - first)
    for (let i: u32 = 0; i < blocks.count; i++) {
      addRow(at(d, 1) + 16 * first, at(d, 0) + 16 * (i * blocks.N4 + first), bytes)
    }
  }
}
