/**
 * Scratch of decode-attention.as.ts, and the rows of a slot that one split of decode-attention.as.ts goes
 * through, by fours: neighbours in the pools, as a page is a multiple of 4. Fours of which the query sees
 * none are left out. A row that it does not see is replaced by one of its four that it does, so that what is
 * read is a number, and its weight is 0.
 */
import { MOST_HEAD_BYTES } from '../attention/head-width.as'
import { Cache, deathOf, NEVER, positionAt, rowAt, word } from '../cache/cache.as'
import { scratch } from '../common/dispatch.as'
import { sumsOfFour } from '../drops/drop-score.as'

/** Rows of a split: SPLIT_ROWS of tuning.ts. */
export const ROWS: u32 = 128

/** (ROWS): rows in the pools; ones where the query sees it. */
const ROWS_AT: usize = 0
const SEEN_AT: usize = 4 * ROWS

/** Most heads of a task. */
export const HEADS: u32 = 64
/** (HEADS, P): scaled queries, and sums of weighted values. */
export const QUERIES_AT: usize = 8 * ROWS
export const OUT_AT: usize = QUERIES_AT + HEADS * MOST_HEAD_BYTES
/** (HEADS, ROWS): scores, then weights; bytes of one head's. */
export const SCORES_AT: usize = OUT_AT + HEADS * MOST_HEAD_BYTES
export const SCORES: usize = 4 * ROWS
/** (HEADS, 4): largest score, mass. */
export const SHARES_AT: usize = SCORES_AT + HEADS * SCORES
export const CONSTANT_AT: usize = SHARES_AT + HEADS * 16
/** What has been the largest so far, and two vectors of sums for each of four rows. */
export const LARGEST_AT: usize = CONSTANT_AT + 16
export const SUMS_AT: usize = LARGEST_AT + 32

/** Stands for minus infinity. */
export const LOWEST: f32 = -1e30

/** Finds the fours among rows `start` to `end - 1` of the slot; returns how many. */
export function findFours(
  state: usize,
  deaths: usize,
  cache: Cache,
  slot: u32,
  position: u32,
  start: u32,
  end: u32,
  dense: bool,
): u32 {
  let fours: u32 = 0
  for (let first = start; first < end; first += 4) {
    const base = rowAt(state, cache, slot, first)
    const to = scratch() + 16 * <usize>fours
    const count = min<u32>(4, end - first)
    let seen: u32 = NEVER
    for (let i: u32 = 0; i < 4; i++) {
      const born = i < count ? positionAt(state, cache, base + i) : NEVER
      const visible = born <= position && (dense || position < word(deaths, deathOf(cache, slot, born)))
      if (visible && seen === NEVER) seen = base + i
      store<u32>(to + 4 * i, visible ? base + i : NEVER, ROWS_AT)
      store<u32>(to + 4 * i, visible ? NEVER : 0, SEEN_AT)
    }
    if (seen === NEVER) continue
    for (let i: u32 = 0; i < 4; i++) {
      if (load<u32>(to + 4 * i, SEEN_AT) === 0) store<u32>(to + 4 * i, seen, ROWS_AT)
    }
    fours++
  }
  return fours
}

/** Row `i` of four `four`. */
@inline
export function rowOfFour(four: u32, i: u32): u32 {
  return load<u32>(scratch() + 16 * <usize>four + 4 * i, ROWS_AT)
}

/** Ones in the lanes of the rows that the query sees. */
@inline
export function seenOfFour(four: u32): v128 {
  return v128.load(scratch() + 16 * <usize>four, SEEN_AT)
}

/** Sums over four pairs of vectors, a lane each. */
@inline
export function sumsOfPairs(at: usize): v128 {
  return sumsOfFour(
    f32x4.add(v128.load(at), v128.load(at, 16)),
    f32x4.add(v128.load(at, 32), v128.load(at, 48)),
    f32x4.add(v128.load(at, 64), v128.load(at, 80)),
    f32x4.add(v128.load(at, 96), v128.load(at, 112)),
  )
}
