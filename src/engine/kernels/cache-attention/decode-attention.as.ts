/**
 * Twin of decode-attention.wgsl: attention of single query rows, one a sequence, to the key-value cache (method.md 2.3, d5).
 *   o[h] = sum_i softmax_i( q[h] . k[h,i] / sqrt(d) ) v[h,i]   over the place's rows i that the query may see (E5)
 * A split is ROWS rows of one place whatever the batch is. A task is a split for some heads, all of them where there are tasks
 * enough, as then rows are read from end to end. With one split it writes heads, with several partial results for
 * decode-attention-merge.as.ts: d sums, then the largest score and the mass. Splits past a place's rows write nothing.
 */
import { HEAD_DIM, ROW } from '../attention/block.as'
import { expBelow0 } from '../attention/exp-below-0.as'
import { Cache, positionOf, Span, spanAt, word } from '../cache/cache.as'
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { highHalves, lowHalves, madd, maxLanes, sumLanes } from '../common/simd.as'
import { sumsOfFour } from '../drops/drop-score.as'
import { DECODE_ROWS_END, findFours, ROWS, rowOfFour, seenOfFour } from './decode-rows.as'

@unmanaged
class Constants {
  halves: u32
  DENSE: u32
}

/** Tasks that keep the threads busy to the end. */
const TASKS: u32 = 24
/** Most heads of a task. */
const HEADS: u32 = 64
const LOWEST: f32 = -1e30

/** (HEADS, HEAD_DIM): scaled queries, sums of weighted values. */
const QUERIES_AT: usize = DECODE_ROWS_END
const OUT_AT: usize = QUERIES_AT + HEADS * ROW
/** (HEADS, ROWS): scores, then weights. */
const SCORES_AT: usize = OUT_AT + HEADS * ROW
const SCORES: usize = 4 * ROWS
/** (HEADS, 4): largest score, mass. */
const SHARES_AT: usize = SCORES_AT + HEADS * SCORES

export function decodeAttention(d: Dispatch): void {
  const splits = d.x * d.z
  const parts = min(d.y, max((TASKS + splits - 1) / splits, (d.y + HEADS - 1) / HEADS))
  const tasks = splits * parts
  for (let i = take(d); i < tasks; i = take(d)) {
    const part = i % parts
    const head = (d.y * part) / parts
    attendSplit(d, (i / parts) % d.x, i / parts / d.x, head, (d.y * (part + 1)) / parts - head)
  }
}

function attendSplit(d: Dispatch, split: u32, index: u32, head: u32, heads: u32): void {
  const k = constants<Constants>(d)
  const span = spanAt(at(d, 5), index)
  const start = split * ROWS
  const end = min(start + ROWS, word(at(d, 3), span.place) + span.count)
  if (start >= end) return
  const position = positionOf(at(d, 7), span.row)
  const cache = struct<Cache>(d, 8)
  const fours = findFours(at(d, 3), at(d, 4), cache, span.place, position, start, end, k.DENSE !== 0)
  const width = <usize>d.y * ROW
  takeQueries(at(d, 0) + 3 * <usize>span.row * width + <usize>head * ROW, heads)
  const bytes: usize = k.halves !== 0 ? ROW / 2 : ROW
  const from = bytes * head
  const step = bytes * d.y
  if (k.halves !== 0) {
    for (let i: u32 = 0; i < fours; i++) scoreHalves(at(d, 1) + from, step, i, heads)
  } else {
    for (let i: u32 = 0; i < fours; i++) score(at(d, 1) + from, step, i, heads)
  }
  for (let h: u32 = 0; h < heads; h++) weigh(h, fours)
  if (k.halves !== 0) {
    for (let i: u32 = 0; i < fours; i++) gatherHalves(at(d, 2) + from, step, i, heads)
  } else {
    for (let i: u32 = 0; i < fours; i++) gather(at(d, 2) + from, step, i, heads)
  }
  const splitHeads = at(d, 6) + <usize>((split * d.z + index) * d.y + head) * (ROW + 16)
  const rowHeads = at(d, 6) + <usize>span.row * width + <usize>head * ROW
  if (d.x === 1) for (let h: u32 = 0; h < heads; h++) finish(rowHeads + <usize>h * ROW, h)
  else for (let h: u32 = 0; h < heads; h++) writePartial(splitHeads + <usize>h * (ROW + 16), h)
}

function takeQueries(from: usize, heads: u32): void {
  const base = scratch()
  const dimensions: f32 = <f32>HEAD_DIM
  const scale = f32x4.splat(1 / Mathf.sqrt(dimensions))
  const bytes = <usize>heads * ROW
  for (let x: usize = 0; x < bytes; x += 16) {
    v128.store(base + x, f32x4.mul(v128.load(from + x), scale), QUERIES_AT)
  }
  memory.fill(base + OUT_AT, 0, bytes)
}

/** Scores of four rows, `step` bytes long, for all heads of the task. */
function score(keys: usize, step: usize, four: u32, heads: u32): void {
  let a = keys + step * rowOfFour(four, 0)
  let b = keys + step * rowOfFour(four, 1)
  let c = keys + step * rowOfFour(four, 2)
  let e = keys + step * rowOfFour(four, 3)
  let to = scratch() + 16 * <usize>four
  let query = scratch() + QUERIES_AT
  const seen = seenOfFour(four)
  for (let h: u32 = 0; h < heads; h++) {
    let x0 = f32x4.splat(0)
    let x1 = f32x4.splat(0)
    let x2 = f32x4.splat(0)
    let x3 = f32x4.splat(0)
    for (const end = query + ROW; query < end; query += 16) {
      const q = v128.load(query)
      x0 = madd(q, v128.load(a), x0)
      x1 = madd(q, v128.load(b), x1)
      x2 = madd(q, v128.load(c), x2)
      x3 = madd(q, v128.load(e), x3)
      a += 16
      b += 16
      c += 16
      e += 16
    }
    v128.store(to, v128.bitselect(sumsOfFour(x0, x1, x2, x3), f32x4.splat(LOWEST), seen), SCORES_AT)
    to += SCORES
  }
}

/** The same where rows are halves. */
function scoreHalves(keys: usize, step: usize, four: u32, heads: u32): void {
  let a = keys + step * rowOfFour(four, 0)
  let b = keys + step * rowOfFour(four, 1)
  let c = keys + step * rowOfFour(four, 2)
  let e = keys + step * rowOfFour(four, 3)
  let to = scratch() + 16 * <usize>four
  let query = scratch() + QUERIES_AT
  const seen = seenOfFour(four)
  for (let h: u32 = 0; h < heads; h++) {
    let x0 = f32x4.splat(0)
    let x1 = f32x4.splat(0)
    let x2 = f32x4.splat(0)
    let x3 = f32x4.splat(0)
    for (const end = query + ROW; query < end; query += 32) {
      const low = v128.load(query)
      const high = v128.load(query, 16)
      let eight = v128.load(a)
      x0 = madd(high, highHalves(eight), madd(low, lowHalves(eight), x0))
      eight = v128.load(b)
      x1 = madd(high, highHalves(eight), madd(low, lowHalves(eight), x1))
      eight = v128.load(c)
      x2 = madd(high, highHalves(eight), madd(low, lowHalves(eight), x2))
      eight = v128.load(e)
      x3 = madd(high, highHalves(eight), madd(low, lowHalves(eight), x3))
      a += 16
      b += 16
      c += 16
      e += 16
    }
    v128.store(to, v128.bitselect(sumsOfFour(x0, x1, x2, x3), f32x4.splat(LOWEST), seen), SCORES_AT)
    to += SCORES
  }
}

/** Scores of head `h` of the task -> weights, and its largest score and mass. */
function weigh(h: u32, fours: u32): void {
  const scores = scratch() + SCORES_AT + <usize>h * SCORES
  const end: usize = 16 * <usize>fours
  const lowest = f32x4.splat(LOWEST)
  let tops = lowest
  for (let x: usize = 0; x < end; x += 16) tops = f32x4.pmax(tops, v128.load(scores + x))
  const top = maxLanes(tops)
  let mass = f32x4.splat(0)
  for (let x: usize = 0; x < end; x += 16) {
    const score = v128.load(scores + x)
    const weight = v128.and(expBelow0(f32x4.sub(score, f32x4.splat(top))), f32x4.ne(score, lowest))
    v128.store(scores + x, weight)
    mass = f32x4.add(mass, weight)
  }
  const share = scratch() + SHARES_AT + 16 * <usize>h
  v128.store(share, i32x4.splat(0))
  store<f32>(share, top)
  store<f32>(share, sumLanes(mass), 4)
}

/** Adds up the weighted values of four rows, `step` bytes long, for all heads of the task. */
function gather(values: usize, step: usize, four: u32, heads: u32): void {
  let a = values + step * rowOfFour(four, 0)
  let b = values + step * rowOfFour(four, 1)
  let c = values + step * rowOfFour(four, 2)
  let e = values + step * rowOfFour(four, 3)
  let weight = scratch() + SCORES_AT + 16 * <usize>four
  let to = scratch() + OUT_AT
  for (let h: u32 = 0; h < heads; h++) {
    const w0 = v128.load32_splat(weight)
    const w1 = v128.load32_splat(weight, 4)
    const w2 = v128.load32_splat(weight, 8)
    const w3 = v128.load32_splat(weight, 12)
    for (const end = to + ROW; to < end; to += 16) {
      const sum = madd(w1, v128.load(b), madd(w0, v128.load(a), v128.load(to)))
      v128.store(to, madd(w3, v128.load(e), madd(w2, v128.load(c), sum)))
      a += 16
      b += 16
      c += 16
      e += 16
    }
    weight += SCORES
  }
}

/** The same where rows are halves. */
function gatherHalves(values: usize, step: usize, four: u32, heads: u32): void {
  let a = values + step * rowOfFour(four, 0)
  let b = values + step * rowOfFour(four, 1)
  let c = values + step * rowOfFour(four, 2)
  let e = values + step * rowOfFour(four, 3)
  let weight = scratch() + SCORES_AT + 16 * <usize>four
  let to = scratch() + OUT_AT
  for (let h: u32 = 0; h < heads; h++) {
    const w0 = v128.load32_splat(weight)
    const w1 = v128.load32_splat(weight, 4)
    const w2 = v128.load32_splat(weight, 8)
    const w3 = v128.load32_splat(weight, 12)
    for (const end = to + ROW; to < end; to += 32) {
      let eight = v128.load(a)
      let low = madd(w0, lowHalves(eight), v128.load(to))
      let high = madd(w0, highHalves(eight), v128.load(to, 16))
      eight = v128.load(b)
      low = madd(w1, lowHalves(eight), low)
      high = madd(w1, highHalves(eight), high)
      eight = v128.load(c)
      low = madd(w2, lowHalves(eight), low)
      high = madd(w2, highHalves(eight), high)
      eight = v128.load(e)
      v128.store(to, madd(w3, lowHalves(eight), low))
      v128.store(to, madd(w3, highHalves(eight), high), 16)
      a += 16
      b += 16
      c += 16
      e += 16
    }
    weight += SCORES
  }
}

/** Head `h` of the task where there is one split: its sums over its mass. */
function finish(to: usize, h: u32): void {
  const from = scratch() + OUT_AT + <usize>h * ROW
  const mass = load<f32>(scratch() + SHARES_AT + 16 * <usize>h, 4)
  const by = f32x4.splat(1 / mass)
  for (let x: usize = 0; x < ROW; x += 16) v128.store(to + x, f32x4.mul(v128.load(from + x), by))
}

function writePartial(to: usize, h: u32): void {
  memory.copy(to, scratch() + OUT_AT + <usize>h * ROW, ROW)
  v128.store(to, v128.load(scratch() + SHARES_AT + 16 * <usize>h), ROW)
}
