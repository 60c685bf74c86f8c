/**
 * Twin of selection.wgsl: what queries in turn make of four keys.
 *   F = sum of max(0, score) of the queries before, 0 of the first key;  query k finds it dropped where F >= threshold
 * The first key is never dropped.
 */
import { NEVER } from './batch.as'

export const GONE: f32 = -1e30

/** Of four keys: F, and death times. */
export let selected: v128 = i32x4.splat(0)
export let selectedDeaths: v128 = i32x4.splat(-1)

/** Takes up four keys. */
@inline
export function beginSelection(sums: v128, deaths: v128): void {
  selected = sums
  selectedDeaths = deaths
}

@inline
export function areAlive(): v128 {
  return i32x4.eq(selectedDeaths, i32x4.splat(<i32>NEVER))
}

/** What query `k` finds of the keys that stand before it, ones in `earlier`; gives what is added to its scores, 0 for the others. */
@inline
export function foundBy(k: u32, positions: v128, earlier: v128, threshold: f32): v128 {
  const over = v128.and(v128.not(f32x4.lt(selected, f32x4.splat(threshold))), i32x4.ne(positions, i32x4.splat(0)))
  const dies = v128.and(v128.and(over, earlier), areAlive())
  selectedDeaths = v128.bitselect(i32x4.splat(k), selectedDeaths, dies)
  return v128.and(v128.bitselect(f32x4.neg(selected), f32x4.splat(GONE), areAlive()), earlier)
}

/** What the query leaves, with its own scores of the keys. */
@inline
export function leftBy(scores: v128, positions: v128, earlier: v128): void {
  const counts = v128.and(f32x4.gt(scores, f32x4.splat(0)), i32x4.ne(positions, i32x4.splat(0)))
  const selects = v128.and(v128.and(counts, earlier), areAlive())
  selected = f32x4.add(selected, v128.and(scores, selects))
}
