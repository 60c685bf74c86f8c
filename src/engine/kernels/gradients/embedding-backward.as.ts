/** Twin of embedding-backward.wgsl. A task is a few entries: no two threads add to the same one. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Slice } from '../rows/embedding-rows.as'
import { addRow } from './add-rows.as'

@unmanaged
class Constants {
  C4: u32
  WORKGROUP: u32
}

/** A table's entry, and where the rows that read it are in the list of all. */
@unmanaged
class Use {
  entry: u32
  first: u32
  count: u32
  nothing: u32
}

const TASK: u32 = 8

export function embeddingBackward(d: Dispatch): void {
  const k = constants<Constants>(d)
  const slice = struct<Slice>(d, 4)
  const bytes: usize = 16 * k.C4
  for (let first = take(d) * TASK; first < d.y; first = take(d) * TASK) {
    const end = min(first + TASK, d.y)
    for (let i = first; i < end; i++) {
      const use = changetype<Use>(at(d, 1) + 16 * i)
      const entry = use.entry - slice.first
      if (entry >= slice.count) continue
      const order = at(d, 2) + 4 * use.first
      for (let j: u32 = 0; j < use.count; j++) {
        addRow(at(d, 3) + entry * bytes, at(d, 0) + load<u32>(order + 4 * j) * bytes, bytes)
      }
    }
  }
}
