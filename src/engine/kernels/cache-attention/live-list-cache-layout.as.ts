/**
 * Twin of live-list-cache-layout.wgsl: where the list of each tile of a chunk's queries lies, the position of
 * its first query, the number of rows, then room for as many rows as a slot can hold.
 */
import { Cache } from '../cache/cache.as'

@inline
export function listStart(cache: Cache, tile: u32): u32 {
  return tile * (2 + cache.nPositions)
}
