/** Twin of cache-gate.wgsl. A task is a page of a span. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { gateDeath } from '../drops/gate-death.as'
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

@unmanaged
class Constants {
  WORKGROUP: u32
  DECAYS: u32
  WINDOW: u32
}

export function cacheGate(d: Dispatch): void {
  const k = constants<Constants>(d)
  const cache = struct<Cache>(d, 5)
  const state = at(d, 1)
  const tasks = d.x * d.y
  for (let task = take(d); task < tasks; task = take(d)) {
    const page = task % d.x
    const span = spanAt(at(d, 3), task / d.x)
    const rows = word(state, span.slot) + span.count
    const first = page * PAGE
    if (first >= rows) continue
    const start = positionOf(at(d, 4), span.row)
    const end = start + span.count
    const count = min<u32>(PAGE, rows - first)
    const base = rowAt(state, cache, span.slot, first)
    let bits: u32 = 0
    for (let index: u32 = 0; index < count; index++) {
      const position = positionAt(state, cache, base + index)
      if (position === NEVER) continue
      const entry = deathOf(cache, span.slot, position)
      let death = word(at(d, 2), entry)
      if (position >= start) {
        const score = load<f32>(at(d, 0) + 16 * <usize>(span.row + position - start))
        death = gateDeath(score + cache.betaShift, position, k.DECAYS, k.WINDOW)
        setWord(at(d, 2), entry, death)
      }
      if (death > end) bits |= 1 << index
    }
    setWord(state, aliveWord(cache, span.slot, page), bits)
  }
}
