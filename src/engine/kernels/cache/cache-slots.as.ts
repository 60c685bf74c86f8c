/** Twin of cache-slots.wgsl: one task, as all slots share the padded length. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { aliveWord, Cache, NEVER, PAGE, rowAt, setWord, spanAt, Steps, word } from './cache.as'

const OCCUPY: u32 = 0 // after the step's rows were put into the first free ones
const COMPACT: u32 = 1 // rows may have been dropped: plan what cache-compact.as.ts does next
const RELEASE: u32 = 3 // the sequences are over; with 2 nothing is ever dropped

@unmanaged
class Constants {
  MODE: u32
  WORKGROUP: u32
}

export function cacheSlots(d: Dispatch): void {
  if (take(d) > 0) return
  const mode = constants<Constants>(d).MODE
  if (mode === OCCUPY) occupy(d)
  else compact(d, mode)
}

/** All slots get longer where a row of the step lies beyond the padded length. */
function occupy(d: Dispatch): void {
  const cache = struct<Cache>(d, 3)
  const spans = struct<Steps>(d, 4).spans
  const state = at(d, 0)
  let padded = word(state, cache.free)
  for (let i: u32 = 0; i < spans; i++) {
    const span = spanAt(at(d, 1), i)
    padded = max(padded, useFree(state, cache, span.slot, span.count))
  }
  for (let i: u32 = 0; i < spans; i++) {
    const span = spanAt(at(d, 1), i)
    // Rows of the step count in addition, wherever they are.
    setWord(state, span.slot, padded - span.count)
  }
  setWord(state, cache.free, padded)
}

/** Marks the first `count` free rows of a slot as used; gives the row after the last of them. */
function useFree(state: usize, cache: Cache, slot: u32, count: u32): u32 {
  const pages = cache.pages / cache.slots
  let left = count
  let end: u32 = 0
  for (let page: u32 = 0; left > 0 && page < pages; page++) {
    let used = word(state, aliveWord(cache, slot, page))
    for (; ~used !== 0 && left > 0; left--) {
      end = page * PAGE + ctz(~used) + 1
      used |= used + 1
    }
    setWord(state, aliveWord(cache, slot, page), used)
  }
  return end
}

function compact(d: Dispatch, mode: u32): void {
  const cache = struct<Cache>(d, 3)
  const state = at(d, 0)
  const status = at(d, 2) + 4 * <usize>(cache.layer * (2 * cache.slots + 1))
  const old = word(state, cache.free)
  if (mode === RELEASE) {
    const spans = struct<Steps>(d, 4).spans
    for (let i: u32 = 0; i < spans; i++) empty(state, cache, spanAt(at(d, 1), i).slot, old)
  }
  let top: u32 = 0 // most live rows of a slot, or where the last row in use ends
  let hole = NEVER // the first free row of all slots
  for (let slot: u32 = 0; slot < cache.slots; slot++) {
    let live: u32 = 0
    let end: u32 = 0
    let gap = old
    for (let first: u32 = 0; first < old; first += PAGE) {
      const used = word(state, aliveWord(cache, slot, first / PAGE))
      live += popcnt(used)
      if (used !== 0) end = first + PAGE - clz(used)
      if (~used !== 0) gap = min(gap, first + ctz(~used))
    }
    top = max(top, mode === RELEASE ? end : live)
    hole = min(hole, gap)
    setWord(status, cache.slots + slot, live)
  }
  const sparse = 10 * top < 9 * old
  const padded = mode === RELEASE || (mode === COMPACT && sparse) ? top : old
  for (let slot: u32 = 0; slot < cache.slots; slot++) {
    // Compaction still has to go through all of the old ones.
    setWord(state, slot, mode === COMPACT ? old : padded)
    setWord(status, slot, padded)
  }
  setWord(state, cache.free + 1, mode === COMPACT && sparse ? hole : NEVER)
  setWord(state, cache.free, padded)
}

function empty(state: usize, cache: Cache, slot: u32, end: u32): void {
  for (let i: u32 = 0; i < end; i++) {
    setWord(state, cache.positions + rowAt(state, cache, slot, i), NEVER)
  }
  for (let first: u32 = 0; first < end; first += PAGE) {
    setWord(state, aliveWord(cache, slot, first / PAGE), 0)
  }
}
