/**
 * Twin of live-list-cache.wgsl: the rows of the cache that a tile of a chunk's queries has to visit, those
 * that some query of the tile sees (docs/method.md, Live lists), in the order they have in their slot.
 *   { row : position <= last query, death > first query }
 * A task is a tile.
 */
import { Cache, deathOf, positionAt, positionOf, rowAt, setWord, spanAt, word } from '../cache/cache.as'
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { listStart } from './live-list-cache-layout.as'

@unmanaged
class Constants {
  QUERY_TILE: u32
  WORKGROUP: u32
}

export function liveListCache(d: Dispatch): void {
  const size = constants<Constants>(d).QUERY_TILE
  const cache = struct<Cache>(d, 5)
  const state = at(d, 0)
  for (let i = take(d); i < d.x; i = take(d)) {
    const span = spanAt(at(d, 2), i)
    const first = positionOf(at(d, 3), span.row + span.first)
    const last = first + min(size, span.count - span.first) - 1
    const rows = word(state, span.slot) + span.count
    const list = listStart(cache, i)
    let to = list + 2
    for (let i: u32 = 0; i < rows; i++) {
      const row = rowAt(state, cache, span.slot, i)
      const position = positionAt(state, cache, row)
      if (position > last) continue
      if (word(at(d, 1), deathOf(cache, span.slot, position)) > first) setWord(at(d, 4), to++, row)
    }
    setWord(at(d, 4), list, first)
    setWord(at(d, 4), list + 1, to - list - 2)
  }
}
