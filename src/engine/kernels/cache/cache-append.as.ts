/** Twin of cache-append.wgsl with cache-rows-*.wgsl and cache-next-*.wgsl. A task is a row of a span. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { packHalves } from '../common/simd.as'
import { aliveWord, Cache, PAGE, positionOf, rowAt, setWord, spanAt, word } from './cache.as'

const F32: u32 = 0
const PACKED: u32 = 0

@unmanaged
class Constants {
  dtype: u32 // of keys and values: 0 f32, 1 f16
  next: u32 // 0 packed, 1 free
  A4: u32
  R4: u32
  WORKGROUP: u32
}

export function cacheAppend(d: Dispatch): void {
  const k = constants<Constants>(d)
  const cache = struct<Cache>(d, 8)
  const state = at(d, 5)
  const tokens = at(d, 7)
  const tasks = d.x * d.y
  const width: usize = 16 * k.A4
  const narrow: usize = 16 * k.R4
  const kept: usize = k.dtype === F32 ? width : width / 2
  for (let task = take(d); task < tasks; task = take(d)) {
    const span = spanAt(at(d, 6), task / d.x)
    const i = task % d.x
    if (i >= span.count) continue
    const row: usize = span.row + i
    const index = k.next === PACKED ? word(state, span.slot) + i : freeRow(state, cache, span.slot, i)
    const to = rowAt(state, cache, span.slot, index)
    const key = at(d, 0) + 3 * width * row + width
    keep(at(d, 2) + kept * to, key, width, k.dtype)
    keep(at(d, 3) + kept * to, key + width, width, k.dtype)
    if (narrow > 0) memory.copy(at(d, 4) + narrow * to, at(d, 1) + 2 * narrow * row + narrow, narrow)
    setWord(state, cache.positions + to, positionOf(tokens, <u32>row))
  }
}

/** The `i`-th free row of a slot. */
function freeRow(state: usize, cache: Cache, slot: u32, i: u32): u32 {
  const pages = cache.pages / cache.slots
  let left = i
  for (let page: u32 = 0; page < pages; page++) {
    let free = ~word(state, aliveWord(cache, slot, page))
    const count = popcnt(free)
    if (left < count) {
      for (; left > 0; left--) free &= free - 1
      return page * PAGE + ctz(free)
    }
    left -= count
  }
  return 0 // buffers grow before a slot runs out of rows
}

/** A row of `width` bytes of floats, kept as they are or as halves. */
@inline
function keep(to: usize, from: usize, width: usize, dtype: u32): void {
  if (dtype === F32) memory.copy(to, from, width)
  else for (let c: usize = 0; c < width; c += 16) keepHalves(to + c / 2, v128.load(from + c))
}

@inline
function keepHalves(to: usize, four: v128): void {
  const halves = packHalves(four)
  v128.store64_lane(to, i8x16.shuffle(halves, halves, 0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13), 0)
}
