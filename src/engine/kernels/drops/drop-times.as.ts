/**
 * Twin of drop-times.wgsl: the death time of every key of one layer, the first later query that drops it
 * (docs/method.md, Death times).
 *   t_j = min { k > j + GRACE : k drops j, k < frozenFrom }, NEVER if none, as drop-score.as.ts says
 * A task is a tile of keys. A branch walks only its own queries and takes over what its trunk has already
 * dropped.
 */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Layer, NEVER, rowOf, Segment, segmentAt, tileAt } from './batch.as'
import { dropDots, dropScale, dropScores, isKept } from './drop-score.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  PROPAGATE: u32
  GRACE: u32
}

/** Queries scored at a time: one load of the key serves them all. */
const QUERIES: u32 = 4

export function dropTimes(d: Dispatch): void {
  const k = constants<Constants>(d)
  const layer = struct<Layer>(d, 4)
  const propagate = k.PROPAGATE !== 0 && layer.layer > 0
  for (let i = take(d); i < d.x; i = take(d)) {
    const tile = tileAt(at(d, 2), i)
    const s = segmentAt(at(d, 1), tile.segment)
    const deaths = at(d, 3) + 4 * <usize>(layer.layer * layer.keys)
    const own = deaths + 4 * <usize>s.key
    const end = min(tile.first + k.WORKGROUP, s.parentLength + s.length)
    for (let j = tile.first; j < end; j++) {
      let death = NEVER
      if (j < s.parentLength) death = load<u32>(deaths + 4 * <usize>(s.parentKey + j))
      if (death === NEVER) death = firstDrop(at(d, 0), s, j, k.GRACE, layer)
      if (propagate) death = min(death, load<u32>(own + 4 * <usize>j - 4 * <usize>layer.keys))
      store<u32>(own + 4 * <usize>j, death)
    }
  }
}

/** The first of the segment's own queries after key `j`, and after its grace, that drops it. */
function firstDrop(scores: usize, s: Segment, j: u32, grace: u32, layer: Layer): u32 {
  const bytes: usize = 16 * <usize>layer.r4
  const scale = dropScale(layer.r4)
  const key = scores + (2 * <usize>rowOf(s, j) + 1) * bytes
  const end = min(s.parentLength + s.length, s.frozenFrom)
  let k = max(j + 1 + grace, s.parentLength)
  if (k >= end) return NEVER
  let query = scores + 2 * <usize>(s.row + k - s.parentLength) * bytes
  const last = scores + 2 * <usize>(s.row + end - s.parentLength - 1) * bytes
  for (; k < end; k += QUERIES) {
    // Past the end the last query is scored again.
    const q1 = min(query + 2 * bytes, last)
    const q2 = min(query + 4 * bytes, last)
    const q3 = min(query + 6 * bytes, last)
    const dots = dropDots(key, query, q1, q2, q3, bytes)
    const kept = i32x4.bitmask(isKept(dropScores(dots, scale, layer.betaShift)))
    // A repeated query drops nothing that the last one has not dropped before it.
    if (kept !== 15) return k + ctz(~kept)
    query += 8 * bytes
  }
  return NEVER
}
