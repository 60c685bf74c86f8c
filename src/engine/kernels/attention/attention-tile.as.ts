/**
 * Twin of attention.wgsl: a tile of queries on its way past blocks of keys (docs/method.md, Log-mask and Death times), the softmax
 * in one pass.
 *   o[k] = sum_j softmax_j( scale q[k] . k[j] + mask[k,j] ) v[j]   over born_j <= k < death_j
 * attend-batch.as.ts and attend-chunk.as.ts say where queries, keys and values are. For each block, for a
 * strip of queries at a time, the rows of a tile in registers: scores, weights, then outputs, both products by
 * `addRows`. What a query gives depends on the keys and their blocks alone, not on the queries beside it: a
 * key that is not visible weighs exactly nothing.
 */
import { Dispatch, scratch } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { maxLanes, sumLanes } from '../common/simd.as'
import { addRows, PANEL, TALLEST } from '../matmul/tile.as'
import { BLOCK_END, BORN_AT, DEATHS_AT, KEYS, KEYS_AT, VALUE_PANEL, VALUES_AT } from './block.as'
import { headBytes, headDims, MOST_HEAD_BYTES } from './head-width.as'

/** Most queries of a tile. */
const QUERIES: usize = 132
/** Queries at a time. */
const STRIP: u32 = TALLEST
/** Stands for minus infinity. */
const LOWEST: f32 = -1e30

/** (QUERIES, P): scaled queries, and sums of weighted values. */
const QUERIES_AT: usize = BLOCK_END
const OUT_AT: usize = QUERIES_AT + QUERIES * MOST_HEAD_BYTES
/** (QUERIES): eight partial masses, sums of exp(score - top); largest score so far. */
const MASS_AT: usize = OUT_AT + QUERIES * MOST_HEAD_BYTES
const MASS: usize = 32
const TOP_AT: usize = MASS_AT + QUERIES * MASS
/** Of a strip: scores, then weights, (STRIP, KEYS); bytes of a row. */
const SCORE_ROW: usize = 4 * KEYS
const SCORES_AT: usize = TOP_AT + QUERIES * 4
const TOPS_AT: usize = SCORES_AT + STRIP * SCORE_ROW

/**
 * Tiles that go through all heads before the next ones do: their keys, of one head, stay in the second-level cache, and
 * the pages that hold those of all heads in the table of pages.
 */
const GROUP: u32 = 8

/** The tile of a task of a grid of (tiles, heads). Long ones first, so that threads end together. */
export function tileOf(d: Dispatch, task: u32): u32 {
  const first = (task / (GROUP * d.y)) * GROUP
  const size = min(GROUP, d.x - first)
  return d.x - 1 - first - ((task - first * d.y) % size)
}

/** And its head. */
export function headOf(d: Dispatch, task: u32): u32 {
  const first = (task / (GROUP * d.y)) * GROUP
  return (task - first * d.y) / min(GROUP, d.x - first)
}

/** Takes up `count` queries, `step` bytes apart, times what scores are multiplied by. */
export function startTile<W>(from: usize, step: usize, count: u32, by: f32): void {
  const base = scratch()
  const scale = f32x4.splat(by)
  for (let i: usize = 0; i < count; i++) {
    const to = base + QUERIES_AT + i * headBytes<W>()
    for (let x: usize = 0; x < headBytes<W>(); x += 16) v128.store(to + x, f32x4.mul(v128.load(from + x), scale))
    from += step
  }
  memory.fill(base + OUT_AT, 0, count * headBytes<W>())
  memory.fill(base + MASS_AT, 0, count * MASS)
  for (let i: usize = 0; i < count; i++) store<f32>(base + 4 * i, LOWEST, TOP_AT)
}

/** Writes what the queries have gathered, `step` bytes apart. */
export function finishTile<W>(to: usize, step: usize, count: u32): void {
  const base = scratch()
  for (let i: usize = 0; i < count; i++) {
    const masses = base + MASS * i
    const mass = f32x4.splat(sumLanes(f32x4.add(v128.load(masses, MASS_AT), v128.load(masses, MASS_AT + 16))))
    const from = base + OUT_AT + i * headBytes<W>()
    for (let x: usize = 0; x < headBytes<W>(); x += 16) v128.store(to + x, f32x4.div(v128.load(from + x), mass))
    to += step
  }
}

/**
 * Shows the packed block of `keys` keys to the tile's `count` queries, the first of which stands at
 * `position`. `masks`: what is added to the first query's scores of these keys, and `maskStep` bytes on to
 * the next one's; or 0.
 */
export function showBlock<W>(keys: u32, count: u32, position: u32, masks: usize, maskStep: usize): void {
  const base = scratch()
  for (let first: u32 = 0; first < count; first += STRIP) {
    const queries = min(STRIP, count - first)
    const start = position + first
    const seen = seenKeys(keys, start, start + queries - 1)
    if (seen === 0) continue
    const at = base + <usize>first * headBytes<W>()
    const scores = base + SCORES_AT
    memory.fill(scores, 0, queries * SCORE_ROW)
    for (let n: usize = 0; n < seen; n += PANEL) {
      const panel = base + KEYS_AT + n * headBytes<W>()
      addRows(queries, at + QUERIES_AT, headBytes<W>(), 4, panel, headDims<W>(), scores + 4 * n, SCORE_ROW)
    }
    const plain = masks === 0 && allSeen(keys, start, start + queries - 1)
    for (let i: u32 = 0; i < queries; i++) {
      const row = scores + <usize>i * SCORE_ROW
      if (!plain) hide(row, start + i, seen, masks === 0 ? 0 : masks + <usize>(first + i) * maskStep)
      weigh<W>(row, first + i, seen)
    }
    let panel = base + VALUES_AT
    for (let x: usize = 0; x < headBytes<W>(); x += 4 * PANEL, panel += VALUE_PANEL) {
      addRows(queries, scores, SCORE_ROW, 4, panel, seen, at + OUT_AT + x, headBytes<W>())
    }
  }
}

/**
 * How many keys of the block there are up to the last that one of these queries sees, rounded up to a panel.
 */
@inline
function seenKeys(keys: u32, first: u32, last: u32): u32 {
  const base = scratch()
  let seen = keys
  while (seen > 0) {
    const at = base + 4 * <usize>(seen - 1)
    if (load<u32>(at, BORN_AT) <= last && load<u32>(at, DEATHS_AT) > first) break
    seen--
  }
  return (seen + PANEL - 1) & ~(PANEL - 1)
}

/** Whether each of these queries sees all keys of the block. */
@inline
function allSeen(keys: u32, first: u32, last: u32): bool {
  const base = scratch()
  let born = i32x4.splat(0)
  let death = i32x4.splat(-1)
  for (let x: usize = 0; x < 4 * <usize>keys; x += 16) {
    born = i32x4.max_u(born, v128.load(base + x, BORN_AT))
    death = i32x4.min_u(death, v128.load(base + x, DEATHS_AT))
  }
  const seen = v128.and(i32x4.le_u(born, i32x4.splat(first)), i32x4.gt_u(death, i32x4.splat(last)))
  return i32x4.all_true(seen)
}

/** Scores of keys that the query at `position` does not see become LOWEST; `masks` are added to the others. */
function hide(scores: usize, position: u32, keys: u32, masks: usize): void {
  const base = scratch()
  const end: usize = 4 * <usize>keys
  const k = i32x4.splat(position)
  const lowest = f32x4.splat(LOWEST)
  for (let x: usize = 0; x < end; x += 16) {
    const born = v128.load(base + x, BORN_AT)
    const death = v128.load(base + x, DEATHS_AT)
    const visible = v128.and(i32x4.le_u(born, k), i32x4.lt_u(k, death))
    let score = v128.load(scores + x)
    if (masks !== 0) score = f32x4.add(score, v128.load(masks + x))
    v128.store(scores + x, v128.bitselect(score, lowest, visible))
  }
}

/** The query's scores of a block -> weights; its top, mass and sums go on. */
function weigh<W>(scores: usize, query: u32, keys: u32): void {
  const base = scratch()
  const end = scores + 4 * <usize>keys
  const topAt = base + 4 * <usize>query + TOP_AT
  const before = load<f32>(topAt)
  const top = max(before, largest(scores, end))
  const masses = base + MASS * <usize>query + MASS_AT
  let mass0 = v128.load(masses)
  let mass1 = v128.load(masses, 16)
  if (top > before) {
    const shrink = expDown4(f32x4.splat(before - top), -87.3)
    mass0 = f32x4.mul(mass0, shrink)
    mass1 = f32x4.mul(mass1, shrink)
    shrinkRow<W>(base + <usize>query * headBytes<W>() + OUT_AT, shrink)
    store<f32>(topAt, top)
  }
  const under = f32x4.splat(top)
  const lowest = f32x4.splat(LOWEST)
  // Pairs that V8 can fuse.
  for (let to = scores; to < end; to += 32) {
    const a = v128.load(to)
    const b = v128.load(to, 16)
    // A key that is not visible weighs nothing, also while no visible one has been met.
    const x = v128.and(expDown4(f32x4.sub(a, under), -87.3), f32x4.ne(a, lowest))
    const y = v128.and(expDown4(f32x4.sub(b, under), -87.3), f32x4.ne(b, lowest))
    v128.store(to, x)
    v128.store(to, y, 16)
    mass0 = f32x4.add(mass0, x)
    mass1 = f32x4.add(mass1, y)
  }
  v128.store(masses, mass0)
  v128.store(masses, mass1, 16)
}

/** The largest of these numbers, of which there are whole panels; no NaN counts. */
@inline
function largest(from: usize, end: usize): f32 {
  let a = f32x4.splat(LOWEST)
  let b = a
  for (; from < end; from += 32) {
    a = f32x4.pmax(a, v128.load(from))
    b = f32x4.pmax(b, v128.load(from, 16))
  }
  const to = scratch() + TOPS_AT
  v128.store(to, a)
  v128.store(to, b, 16)
  return maxLanes(f32x4.pmax(v128.load(to), v128.load(to, 16)))
}

function shrinkRow<W>(row: usize, by: v128): void {
  for (const end = row + headBytes<W>(); row < end; row += 32) {
    v128.store(row, f32x4.mul(v128.load(row), by))
    v128.store(row, f32x4.mul(v128.load(row, 16), by), 16)
  }
}
