/**
 * Twin of cache-evict.wgsl. A task is a span. Holes below the number of rows that live and live rows from there on are as
 * many; one thread walks both upward at once, so nothing has to be listed.
 */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { aliveWord, below, Cache, liveRows, PAGE, pagesOf, rowAt, setWord, spanAt, word } from './cache.as'
import { moveRow } from './cache-pools.as'

@unmanaged
class Constants {
  KV4: u32
  R4: u32
  MOVES: u32
  PAGES: u32
  WORKGROUP: u32
}

export function cacheEvict(d: Dispatch): void {
  const cache = struct<Cache>(d, 5)
  const state = at(d, 3)
  for (let i = take(d); i < d.x; i = take(d)) {
    const span = spanAt(at(d, 4), i)
    const rows = word(state, span.slot) + span.count
    const kept = liveRows(state, cache, span.slot, rows)
    fillHoles(d, cache, span.slot, rows, kept)
    setWord(state, span.slot, kept)
  }
}

function fillHoles(d: Dispatch, cache: Cache, slot: u32, rows: u32, kept: u32): void {
  const k = constants<Constants>(d)
  const state = at(d, 3)
  const end = pagesOf(rows)
  let late = kept / PAGE
  let fillers = late < end ? lateRows(state, cache, slot, late, rows, kept) : 0
  for (let page: u32 = 0; page * PAGE < kept; page++) {
    let holes = ~word(state, aliveWord(cache, slot, page)) & below(page, kept)
    for (; holes !== 0; holes &= holes - 1) {
      while (fillers === 0) fillers = lateRows(state, cache, slot, ++late, rows, kept)
      const to = rowAt(state, cache, slot, page * PAGE + ctz(holes))
      const from = rowAt(state, cache, slot, late * PAGE + ctz(fillers))
      fillers &= fillers - 1
      moveRow(d, cache, to, from, 16 * <usize>k.KV4, 16 * <usize>k.R4)
    }
  }
}

/** Bits of a page's live rows from row `kept` of the slot on. */
@inline
function lateRows(state: usize, cache: Cache, slot: u32, page: u32, rows: u32, kept: u32): u32 {
  return word(state, aliveWord(cache, slot, page)) & below(page, rows) & ~below(page, kept)
}
