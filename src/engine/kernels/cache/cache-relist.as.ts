/** Twin of cache-relist.wgsl: one task, a slot after the other. `cache` is the old layout, `next` the new one. */
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import { Cache, heldWord, PAGE, rowAt, setWord, word } from './cache.as'

export function cacheRelist(d: Dispatch): void {
  if (take(d) > 0) return
  const state = at(d, 0)
  const renewed = at(d, 1)
  const cache = struct<Cache>(d, 2)
  const next = struct<Cache>(d, 3)
  // Lengths, live words and pages held stay; the page table is written over.
  memory.copy(renewed, state, 4 * <usize>cache.positions)
  let page: u32 = 0
  for (let slot: u32 = 0; slot < cache.slots; slot++) {
    const held = word(state, heldWord(cache, slot))
    for (let i: u32 = 0; i < held; i++, page++) {
      setWord(renewed, next.slots + slot * next.maxPages + i, page)
      const from: usize = cache.positions + rowAt(state, cache, slot, i * PAGE)
      const to: usize = next.positions + page * PAGE
      memory.copy(renewed + 4 * to, state + 4 * from, 4 * <usize>PAGE)
    }
  }
  for (let i = page; i < next.pages; i++) setWord(renewed, next.free + 1 + i - page, i)
  setWord(renewed, next.free, next.pages - page)
}
