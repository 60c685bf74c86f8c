/**
 * Twin of live-list.wgsl: the keys that a tile of queries has to visit, in order, those that some query of
 * the tile sees (docs/method.md, Live lists).
 *   { j <= last query : t_j > first query }
 * A task is a tile, of one head where heads decide for themselves.
 */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Layer, segmentAt, tileAt } from '../drops/batch.as'
import { listStart } from './live-list-layout.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  QUERY_TILE: u32
}

export function liveList(d: Dispatch): void {
  const size = constants<Constants>(d).QUERY_TILE
  const layer = struct<Layer>(d, 4)
  for (let i = take(d); i < d.x * d.y; i = take(d)) {
    const head = i / d.x
    const tile = tileAt(at(d, 1), i % d.x)
    const s = segmentAt(at(d, 0), tile.segment)
    const firstQuery = s.parentLength + tile.first
    const end = s.parentLength + min(tile.first + size, s.length)
    const deaths = at(d, 2) + 4 * <usize>(layer.layer * layer.keys + head * layer.headKeys + s.key)
    const list = at(d, 3) + 4 * <usize>(head * layer.headLists + listStart(s, tile.first, size))
    let count: u32 = 0
    for (let j: u32 = 0; j < end; j++) {
      // Written whether it stays or not: what does not is written over by the next.
      store<u32>(list + 4 * <usize>count, j, 4)
      count += u32(load<u32>(deaths + 4 * <usize>j) > firstQuery)
    }
    store<u32>(list, count)
  }
}
