/** Twin of cache-pages.wgsl: one task, as all spans share the stack of free pages. First all is put back, then taken. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Cache, heldWord, liveRows, PAGE, setWord, Span, spanAt, Steps, word } from './cache.as'

const RESERVE: u32 = 0 // before a chunk: room for its rows
const COMPACT: u32 = 1 // after cache-evict.as.ts
const RELEASE: u32 = 3 // the sequences are over; 2 is after a step that removed no rows

@unmanaged
class Constants {
  MODE: u32
  MASKED: u32
  WORKGROUP: u32
}

export function cachePages(d: Dispatch): void {
  if (take(d) > 0) return
  const mode = constants<Constants>(d).MODE
  const cache = struct<Cache>(d, 3)
  const steps = struct<Steps>(d, 4)
  const state = at(d, 0)
  let height = word(state, cache.free)
  for (let i: u32 = 0; i < steps.spans; i++) {
    const span = spanAt(at(d, 1), i)
    const wanted = pagesFor(rowsAfter(state, span, mode), mode)
    for (let held = word(state, heldWord(cache, span.slot)); held > wanted; held--) {
      setWord(state, cache.free + ++height, word(state, tableWord(cache, span.slot, held - 1)))
    }
  }
  for (let i: u32 = 0; i < steps.spans; i++) {
    const span = spanAt(at(d, 1), i)
    const rows = rowsAfter(state, span, mode)
    const wanted = pagesFor(rows, mode)
    for (let held = word(state, heldWord(cache, span.slot)); held < wanted; held++) {
      setWord(state, tableWord(cache, span.slot, held), word(state, cache.free + height--))
    }
    setWord(state, heldWord(cache, span.slot), wanted)
    if (mode !== RESERVE) report(d, cache, span.slot, rows)
  }
  setWord(state, cache.free, height)
  setWord(at(d, 2), cache.layer * (2 * cache.slots + 1) + 2 * cache.slots, height)
}

/** Rows of the slot once the step is over; with RESERVE while it lasts. */
@inline
function rowsAfter(state: usize, span: Span, mode: u32): u32 {
  if (mode === RELEASE) return 0
  return word(state, span.slot) + (mode === COMPACT ? 0 : span.count)
}

@inline
function pagesFor(rows: u32, mode: u32): u32 {
  return mode === RELEASE ? 0 : rows / PAGE + 1
}

@inline
function tableWord(cache: Cache, slot: u32, i: u32): u32 {
  return cache.slots + slot * cache.maxPages + i
}

/** Sets the length of a slot, and what the host reads of it: rows, and live ones among them. */
function report(d: Dispatch, cache: Cache, slot: u32, rows: u32): void {
  const state = at(d, 0)
  const entry = cache.layer * (2 * cache.slots + 1)
  setWord(state, slot, rows)
  setWord(at(d, 2), entry + slot, rows)
  const live = constants<Constants>(d).MASKED ? liveRows(state, cache, slot, rows) : rows
  setWord(at(d, 2), entry + cache.slots + slot, live)
}
