/**
 * Twin of decode-attention.wgsl: attention of single query rows, one a sequence, to the key-value cache
 * (docs/method.md, Decoding).
 *   o[h] = sum_i softmax_i( scale q[h] . k[h,i] ) v[h,i]   over the slot's rows i that the query may see
 * A split is ROWS rows of one slot whatever the batch is. A task is a split for some heads, all of them
 * where there are tasks enough, as then rows are read from end to end. With one split it writes heads, with
 * several partial results for decode-attention-merge.as.ts: d sums, then the largest score and the mass.
 * Splits past a slot's rows write nothing.
 */
import { headBytes, Narrow, Wide } from '../attention/head-width.as'
import { Cache, positionOf, spanAt, word } from '../cache/cache.as'
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { HALVES_SCALE, joinSixteens, partSixteens } from '../common/parted-halves.as'
import { maxLanes, sumLanes } from '../common/simd.as'
import { gather, score } from './decode-floats.as'
import { forgetSpecial, gatherHalves, hasSpecial, scoreHalves } from './decode-halves.as'
import {
  findFours,
  HEADS,
  LOWEST,
  OUT_AT,
  QUERIES_AT,
  ROWS,
  SCORES,
  SCORES_AT,
  SHARES_AT,
} from './decode-rows.as'

@unmanaged
class Constants {
  dtype: u32
  width: u32 // 0: 64, 1: 128
  DENSE: u32
}

/** Tasks that keep the threads busy to the end. */
const TASKS: u32 = 24

export function decodeAttention(d: Dispatch): void {
  if (constants<Constants>(d).width === 0) attendSplits<Narrow>(d)
  else attendSplits<Wide>(d)
}

function attendSplits<W>(d: Dispatch): void {
  const splits = d.x * d.z
  const parts = min(d.y, max((TASKS + splits - 1) / splits, (d.y + HEADS - 1) / HEADS))
  const tasks = splits * parts
  for (let i = take(d); i < tasks; i = take(d)) {
    const part = i % parts
    const head = (d.y * part) / parts
    attendSplit<W>(d, (i / parts) % d.x, i / parts / d.x, head, (d.y * (part + 1)) / parts - head)
  }
}

function attendSplit<W>(d: Dispatch, split: u32, index: u32, head: u32, heads: u32): void {
  const k = constants<Constants>(d)
  const span = spanAt(at(d, 5), index)
  const start = split * ROWS
  const end = min(start + ROWS, word(at(d, 3), span.slot) + span.count)
  if (start >= end) return
  const position = positionOf(at(d, 7), span.row)
  const cache = struct<Cache>(d, 8)
  const fours = findFours(at(d, 3), at(d, 4), cache, span.slot, position, start, end, k.DENSE !== 0)
  const width = <usize>d.y * headBytes<W>()
  const queries = at(d, 0) + 3 * <usize>span.row * width + <usize>head * headBytes<W>()
  takeQueries<W>(queries, heads, k.dtype !== 0 ? HALVES_SCALE * cache.scale : cache.scale)
  if (k.dtype !== 0) showHalves<W>(d, fours, head, heads)
  else showFloats<W>(d, fours, head, heads)
  const out = at(d, 6)
  for (let h: u32 = 0; h < heads; h++) {
    const partial = <usize>((split * d.z + index) * d.y + head + h) * (headBytes<W>() + 16)
    if (d.x > 1) writePartial<W>(out + partial, h)
    else writeHead<W>(out + <usize>span.row * width + <usize>(head + h) * headBytes<W>(), h)
  }
}

function takeQueries<W>(from: usize, heads: u32, by: f32): void {
  const base = scratch()
  const scale = f32x4.splat(by)
  const bytes = <usize>heads * headBytes<W>()
  for (let x: usize = 0; x < bytes; x += 16) {
    v128.store(base + x, f32x4.mul(v128.load(from + x), scale), QUERIES_AT)
  }
  memory.fill(base + OUT_AT, 0, bytes)
}

function showFloats<W>(d: Dispatch, fours: u32, head: u32, heads: u32): void {
  const from = headBytes<W>() * head
  const step = headBytes<W>() * d.y
  for (let i: u32 = 0; i < fours; i++) score<W>(at(d, 1) + from, step, i, heads)
  for (let h: u32 = 0; h < heads; h++) weigh(h, fours, 1)
  for (let i: u32 = 0; i < fours; i++) gather<W>(at(d, 2) + from, step, i, heads)
}

function showHalves<W>(d: Dispatch, fours: u32, head: u32, heads: u32): void {
  const from = (headBytes<W>() / 2) * head
  const step = (headBytes<W>() / 2) * d.y
  const bytes = <usize>heads * headBytes<W>()
  forgetSpecial()
  partSixteens(scratch() + QUERIES_AT, bytes)
  for (let i: u32 = 0; i < fours; i++) scoreHalves<W>(at(d, 1) + from, step, i, heads)
  for (let h: u32 = 0; h < heads; h++) weigh(h, fours, HALVES_SCALE)
  for (let i: u32 = 0; i < fours; i++) gatherHalves<W>(at(d, 2) + from, step, i, heads)
  joinSixteens(scratch() + OUT_AT, bytes)
  if (!hasSpecial()) return
  for (let h: usize = 0; h < heads; h++) store<f32>(scratch() + SHARES_AT + 16 * h, NaN, 4)
}

/** Scores of head `h` of the task -> weights, multiplied by `scale`, and its largest score and mass. */
function weigh(h: u32, fours: u32, scale: f32): void {
  const scores = scratch() + SCORES_AT + <usize>h * SCORES
  const end: usize = 16 * <usize>fours
  const lowest = f32x4.splat(LOWEST)
  let tops = lowest
  for (let x: usize = 0; x < end; x += 16) tops = f32x4.pmax(tops, v128.load(scores + x))
  const top = maxLanes(tops)
  let mass = f32x4.splat(0)
  for (let x: usize = 0; x < end; x += 16) {
    const score = v128.load(scores + x)
    const weight = v128.and(expDown4(f32x4.sub(score, f32x4.splat(top)), -87.3), f32x4.ne(score, lowest))
    v128.store(scores + x, f32x4.mul(weight, f32x4.splat(scale)))
    mass = f32x4.add(mass, weight)
  }
  const share = scratch() + SHARES_AT + 16 * <usize>h
  v128.store(share, i32x4.splat(0))
  store<f32>(share, top)
  store<f32>(share, sumLanes(mass), 4)
}

/** Head `h` of the task where there is one split: its sums over its mass. */
function writeHead<W>(to: usize, h: u32): void {
  const from = scratch() + OUT_AT + <usize>h * headBytes<W>()
  const mass = load<f32>(scratch() + SHARES_AT + 16 * <usize>h, 4)
  const by = f32x4.splat(1 / mass)
  for (let x: usize = 0; x < headBytes<W>(); x += 16) v128.store(to + x, f32x4.mul(v128.load(from + x), by))
}

function writePartial<W>(to: usize, h: u32): void {
  memory.copy(to, scratch() + OUT_AT + <usize>h * headBytes<W>(), headBytes<W>())
  v128.store(to, v128.load(scratch() + SHARES_AT + 16 * <usize>h), headBytes<W>())
}
