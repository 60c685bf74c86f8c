/**
 * Twin of cache.wgsl: how the rows of a layer's keys, values and interaction keys are found (docs/method.md, Paged cache).
 * They lie in pages of PAGE rows that any sequence may hold. Order is of no meaning: a row knows its position.
 * `state` is the address of the layer's words, laid out as cache.wgsl says.
 */

export const NEVER: u32 = 0xffffffff
export const PAGE: u32 = 32

/** One layer of the cache. */
@unmanaged
export class Cache {
  slots: u32
  maxPages: u32
  nPositions: u32
  layer: u32
  positions: u32
  free: u32
  pages: u32
  betaShift: f32
  r4: u32
  scattered: u32
  scale: f32
}

/** One sequence's rows in a step: `count` rows from `row` on in the step's activations. */
@unmanaged
export class Span {
  slot: u32
  row: u32
  count: u32
  first: u32
}

/** How many spans a kernel with a grid of one goes through. */
@unmanaged
export class Steps {
  spans: u32
}

const SPAN_BYTES: usize = 16

@inline
export function spanAt(spans: usize, i: u32): Span {
  return changetype<Span>(spans + SPAN_BYTES * i)
}

/** Word `i` of an array of u32. */
@inline
export function word(words: usize, i: u32): u32 {
  return load<u32>(words + 4 * <usize>i)
}

@inline
export function setWord(words: usize, i: u32, value: u32): void {
  store<u32>(words + 4 * <usize>i, value)
}

/** Position of a row of the step; tokens (rows): token, position. */
@inline
export function positionOf(tokens: usize, row: u32): u32 {
  return word(tokens, 2 * row + 1)
}

/** The row in the pools of row `i` of a slot. */
@inline
export function rowAt(state: usize, cache: Cache, slot: u32, i: u32): u32 {
  return word(state, cache.slots + slot * cache.maxPages + i / PAGE) * PAGE + i % PAGE
}

/** The word with the live rows of a page of a slot, as bits. */
@inline
export function aliveWord(cache: Cache, slot: u32, page: u32): u32 {
  return cache.slots + (cache.slots + slot) * cache.maxPages + page
}

/** The word that says how many pages a slot holds. */
@inline
export function heldWord(cache: Cache, slot: u32): u32 {
  return cache.slots + 2 * cache.slots * cache.maxPages + slot
}

/** The position of a row of the pools; NEVER where it holds none. */
@inline
export function positionAt(state: usize, cache: Cache, row: u32): u32 {
  return word(state, cache.positions + row)
}

/** Where the death time of a position of a slot lies. */
@inline
export function deathOf(cache: Cache, slot: u32, position: u32): u32 {
  return (cache.layer * cache.slots + slot) * cache.nPositions + position
}

@inline
export function pagesOf(rows: u32): u32 {
  return (rows + PAGE - 1) / PAGE
}

/** Bits of the rows of a page that lie before row `end` of the slot. */
@inline
export function below(page: u32, end: u32): u32 {
  const first = page * PAGE
  if (end <= first) return 0
  return end - first >= PAGE ? 0xffffffff : (1 << (end - first)) - 1
}

/** Live ones among the first `rows` rows of a slot. */
export function liveRows(state: usize, cache: Cache, slot: u32, rows: u32): u32 {
  let sum: u32 = 0
  for (let page: u32 = 0; page * PAGE < rows; page++) {
    sum += popcnt(word(state, aliveWord(cache, slot, page)) & below(page, rows))
  }
  return sum
}
