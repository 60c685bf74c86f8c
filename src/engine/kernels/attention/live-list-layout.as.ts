/**
 * Twin of live-list-layout.wgsl: where the list of each tile of queries lies, one entry for its length, then
 * room for every key up to its last query. The tiles before it in its segment are full.
 */
import { Segment } from '../drops/batch.as'

/** `first`: the tile's first query within the segment. */
@inline
export function listStart(s: Segment, first: u32, queryTile: u32): u32 {
  const before = first / queryTile
  return s.list + before * (1 + s.parentLength) + (queryTile * before * (before + 1)) / 2
}
