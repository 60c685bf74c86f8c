/** Twin of cache-static.wgsl. A task is a page of a span. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import {
  aliveWord,
  Cache,
  deathOf,
  NEVER,
  PAGE,
  positionAt,
  positionOf,
  rowAt,
  setWord,
  spanAt,
  word,
} from './cache.as'

export function cacheStatic(d: Dispatch): void {
  const cache = struct<Cache>(d, 5)
  const state = at(d, 1)
  const tasks = d.x * d.y
  for (let task = take(d); task < tasks; task = take(d)) {
    const page = task % d.x
    const span = spanAt(at(d, 3), task / d.x)
    const rows = word(state, span.slot) + span.count
    const first = page * PAGE
    if (first >= rows) continue
    const end = positionOf(at(d, 4), span.row) + span.count
    const count = min<u32>(PAGE, rows - first)
    const base = rowAt(state, cache, span.slot, first)
    let bits: u32 = 0
    for (let index: u32 = 0; index < count; index++) {
      const position = positionAt(state, cache, base + index)
      if (position === NEVER) continue
      const death = word(at(d, 0), position)
      setWord(at(d, 2), deathOf(cache, span.slot, position), death)
      if (death > end) bits |= 1 << index
    }
    setWord(state, aliveWord(cache, span.slot, page), bits)
  }
}
