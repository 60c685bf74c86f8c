/** Twin of embedding-rows.wgsl. A task is a block of rows. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { rowsATask } from './tasks.as'

@unmanaged
class Constants {
  C4: u32
  WORKGROUP: u32
}

/** Entries of a table that lie in the buffer; embedding-backward has the same. */
@unmanaged
export class Slice {
  first: u32
  count: u32
}

export function embeddingRows(d: Dispatch): void {
  const k = constants<Constants>(d)
  const slice = struct<Slice>(d, 4)
  const bytes: usize = 16 * k.C4
  const block = rowsATask(4 * k.C4)
  for (let first = take(d) * block; first < d.y; first = take(d) * block) {
    const end = min(first + block, d.y)
    for (let row = first; row < end; row++) {
      const read = at(d, 0) + 8 * row
      const entry = load<u32>(read) - slice.first
      if (entry >= slice.count) continue
      const token = at(d, 1) + entry * bytes
      const position = at(d, 2) + load<u32>(read, 4) * bytes
      const x = at(d, 3) + row * bytes
      for (let c: usize = 0; c < bytes; c += 16) {
        v128.store(x + c, f32x4.add(v128.load(token + c), v128.load(position + c)))
      }
    }
  }
}
