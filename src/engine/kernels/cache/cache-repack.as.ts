/** Twin of cache-repack.wgsl. A task is a page of a slot. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Cache, heldWord, PAGE, rowAt, word } from './cache.as'

@unmanaged
class Constants {
  ROW4: u32
  WORKGROUP: u32
}

export function cacheRepack(d: Dispatch): void {
  const cache = struct<Cache>(d, 3)
  const state = at(d, 2)
  const bytes: usize = 16 * <usize>constants<Constants>(d).ROW4
  const tasks = d.x * d.y
  for (let task = take(d); task < tasks; task = take(d)) {
    const page = task % d.x
    const slot = task / d.x
    if (page >= word(state, heldWord(cache, slot))) continue
    let before: u32 = 0
    for (let other: u32 = 0; other < slot; other++) before += word(state, heldWord(cache, other))
    const from = at(d, 0) + bytes * rowAt(state, cache, slot, page * PAGE)
    memory.copy(at(d, 1) + bytes * (before + page) * PAGE, from, bytes * PAGE)
  }
}
