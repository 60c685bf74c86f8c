/** Twin of cache-compact.wgsl. A task is a slot. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { aliveWord, below, Cache, NEVER, PAGE, pagesOf, rowAt, setWord, word } from './cache.as'
import { moveRow } from './cache-pools.as'

@unmanaged
class Constants {
  KV4: u32
  R4: u32
  WORKGROUP: u32
}

export function cacheCompact(d: Dispatch): void {
  const cache = struct<Cache>(d, 4)
  const state = at(d, 3)
  const hole = word(state, cache.free + 1)
  for (let slot = take(d); slot < d.x; slot = take(d)) {
    const rows = word(state, slot)
    if (hole !== NEVER) closeGaps(d, cache, slot, pagesOf(rows), hole)
    forgetDead(state, cache, slot, rows)
    setWord(state, slot, word(state, cache.free))
  }
}

/** Moves the live rows from the first hole of all slots on down, in order: a row only moves down. */
function closeGaps(d: Dispatch, cache: Cache, slot: u32, pages: u32, hole: u32): void {
  const k = constants<Constants>(d)
  const state = at(d, 3)
  const base = rowAt(state, cache, slot, 0)
  let next = hole
  for (let page = hole / PAGE; page < pages; page++) {
    let bits = word(state, aliveWord(cache, slot, page)) & ~below(page, hole)
    for (; bits !== 0; bits &= bits - 1) {
      const from = page * PAGE + ctz(bits)
      if (from !== next) moveRow(d, cache, base + next, base + from, 16 * <usize>k.KV4, 16 * <usize>k.R4)
      next++
    }
  }
  for (let page: u32 = 0; page < pages; page++) {
    setWord(state, aliveWord(cache, slot, page), below(page, next))
  }
}

function forgetDead(state: usize, cache: Cache, slot: u32, rows: u32): void {
  const base = rowAt(state, cache, slot, 0)
  for (let i: u32 = 0; i < rows; i++) {
    const used = word(state, aliveWord(cache, slot, i / PAGE))
    if (((used >> i % PAGE) & 1) === 0) setWord(state, cache.positions + base + i, NEVER)
  }
}
