/**
 * Twin of attention.wgsl: a tile of queries on its way past blocks of keys (method.md 1.1, 1.7), the softmax
 * in one pass.
 *   o[k] = sum_j softmax_j( q[k] . k[j] / sqrt(d) + mask[k,j] ) v[j]   over born_j <= k < death_j
 * attend-batch.as.ts and attend-chunk.as.ts say where queries, keys and values are. For each block, for 6
 * queries at a time: scores by product6x8, weights, then outputs by product6x8. What a query gives depends on
 * the keys and their blocks alone, not on the queries beside it: a key that is not visible weighs exactly
 * nothing.
 */
import { scratch } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { maxLanes, sumLanes } from '../common/simd.as'
import { BLOCK_END, BORN_AT, DEATHS_AT, HEAD_DIM, KEYS_AT, ROW, VALUES_AT } from './block.as'
import { PANEL, product6x8, STRIP } from './product-6x8.as'

/** Most queries of a tile; a multiple of STRIP from there on has room. */
const QUERIES: usize = 132
/** Stands for minus infinity. */
const LOWEST: f32 = -1e30

/** (QUERIES, HEAD_DIM): scaled queries, and sums of weighted values. */
const QUERIES_AT: usize = BLOCK_END
const OUT_AT: usize = QUERIES_AT + QUERIES * ROW
/** (QUERIES): four partial masses, sums of exp(score - top); largest score so far. */
const MASS_AT: usize = OUT_AT + QUERIES * ROW
const TOP_AT: usize = MASS_AT + QUERIES * 16
/** Of a strip: scores, then weights, (STRIP, KEYS), and what masses and sums are multiplied by. */
const SCORES_AT: usize = TOP_AT + QUERIES * 4
const SHRINK_AT: usize = SCORES_AT + STRIP * ROW

/** Takes up `count` queries, `step` bytes apart. */
export function startTile(from: usize, step: usize, count: u32): void {
  const whole: usize = ((count + STRIP - 1) / STRIP) * STRIP
  const base = scratch()
  const dimensions: f32 = <f32>HEAD_DIM
  const scale = f32x4.splat(1 / Mathf.sqrt(dimensions))
  for (let i: usize = 0; i < count; i++) {
    const to = base + QUERIES_AT + i * ROW
    for (let x: usize = 0; x < ROW; x += 16) v128.store(to + x, f32x4.mul(v128.load(from + x), scale))
    from += step
  }
  memory.fill(base + QUERIES_AT + count * ROW, 0, (whole - count) * ROW)
  memory.fill(base + OUT_AT, 0, whole * ROW)
  memory.fill(base + MASS_AT, 0, whole * 16)
  for (let i: usize = 0; i < whole; i++) store<f32>(base + 4 * i, LOWEST, TOP_AT)
}

/** Writes what the queries have gathered, `step` bytes apart. */
export function finishTile(to: usize, step: usize, count: u32): void {
  const base = scratch()
  for (let i: usize = 0; i < count; i++) {
    const mass = f32x4.splat(sumLanes(v128.load(base + 16 * i, MASS_AT)))
    const from = base + OUT_AT + i * ROW
    for (let x: usize = 0; x < ROW; x += 16) v128.store(to + x, f32x4.div(v128.load(from + x), mass))
    to += step
  }
}

/**
 * Shows the packed block of `keys` keys to the tile's `count` queries, the first of which stands at
 * `position`. `masks`: what is added to the first query's scores of these keys, and `maskStep` bytes on to
 * the next one's; or 0.
 */
export function showBlock(keys: u32, count: u32, position: u32, masks: usize, maskStep: usize): void {
  const base = scratch()
  for (let first: u32 = 0; first < count; first += STRIP) {
    const queries = min(STRIP, count - first)
    const start = position + first
    const seen = seenKeys(keys, start, start + queries - 1)
    if (seen === 0) continue
    const at = base + <usize>first * ROW
    for (let n: usize = 0; n < seen; n += PANEL) {
      const panel = base + KEYS_AT + n * ROW
      product6x8(at + QUERIES_AT, panel, 4 * PANEL, HEAD_DIM, base + SCORES_AT + 4 * n, 0)
    }
    for (let i: u32 = 0; i < queries; i++) {
      weigh(i, first + i, start + i, seen, masks === 0 ? 0 : masks + <usize>(first + i) * maskStep)
    }
    for (let x: usize = 0; x < ROW; x += 4 * PANEL) {
      product6x8(base + SCORES_AT, base + VALUES_AT + x, ROW, seen, at + OUT_AT + x, base + SHRINK_AT)
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

/** Scores of row `row` of the strip -> weights; the query's top and mass go on. */
@inline
function weigh(row: u32, query: u32, position: u32, keys: u32, masks: usize): void {
  const base = scratch()
  const scores = base + SCORES_AT + <usize>row * ROW
  const end: usize = 4 * <usize>keys
  const k = i32x4.splat(position)
  const lowest = f32x4.splat(LOWEST)
  const topAt = base + 4 * <usize>query + TOP_AT
  const before = load<f32>(topAt)
  let tops = f32x4.splat(before)
  for (let x: usize = 0; x < end; x += 16) {
    const born = v128.load(base + x, BORN_AT)
    const death = v128.load(base + x, DEATHS_AT)
    const visible = v128.and(i32x4.le_u(born, k), i32x4.lt_u(k, death))
    let score = v128.load(scores + x)
    if (masks !== 0) score = f32x4.add(score, v128.load(masks + x))
    score = v128.bitselect(score, lowest, visible)
    v128.store(scores + x, score)
    tops = f32x4.pmax(tops, score)
  }
  const top = maxLanes(tops)
  const shrink = expDown4(f32x4.splat(before - top), -87.3)
  const massAt = base + 16 * <usize>query + MASS_AT
  let mass = f32x4.mul(v128.load(massAt), shrink)
  const under = f32x4.splat(top)
  for (let x: usize = 0; x < end; x += 16) {
    const score = v128.load(scores + x)
    // A key that is not visible weighs nothing, also while no visible one has been met.
    const weight = v128.and(expDown4(f32x4.sub(score, under), -87.3), f32x4.ne(score, lowest))
    v128.store(scores + x, weight)
    mass = f32x4.add(mass, weight)
  }
  v128.store(massAt, mass)
  store<f32>(topAt, top)
  store<f32>(base + 4 * <usize>row, f32x4.extract_lane(shrink, 0), SHRINK_AT)
}
