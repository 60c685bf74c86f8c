/**
 * The lowest logit that may be drawn, for sample.as.ts: that of the top k, then that of the top p among them. Each is the
 * highest order whose tokens, with all above it, weigh enough.
 * Found from the highest bits down: weights are summed into buckets by 11 bits of their order, and the bucket that
 * reaches the goal is looked into with the next 11, then with the last 10.
 */
import { Dispatch, scratch } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { columnsAt, LOWEST, logitsAt, slicesOf, stepOf, tokensOf } from './sample-choice.as'

@unmanaged
export class Sampling {
  temperature: f32
  topK: u32
  topP: f32
  seed: u32
}

const BUCKETS: u32 = 2048
/** A sum for each lane: most logits fall into few buckets, and one sum would wait for the addition before. */
const BUCKET_BYTES: usize = 32

/** A u32 that orders as the float does. */
@inline
export function orderOf(v: v128): v128 {
  return v128.xor(v, v128.or(i32x4.shr_s(v, 31), i32x4.splat(0x80000000)))
}

export function leastOrder(d: Dispatch, row: u32, top: f32, sampling: Sampling): u32 {
  let least: u32 = 0
  if (sampling.topK > 0 && sampling.topK < stepOf(d).V) {
    least = threshold(d, row, top, 0, 0, <f64>sampling.topK)
  }
  if (sampling.topP < 1) least = threshold(d, row, top, sampling.temperature, least, <f64>sampling.topP)
  return least
}

/**
 * temperature 0: a token weighs 1 and the goal is a weight; else it weighs exp((logit - top) / temperature), and the goal is a
 * share of all weights. Orders below `least` weigh nothing.
 */
function threshold(d: Dispatch, row: u32, top: f32, temperature: f32, least: u32, goal: f64): u32 {
  let first: u32 = 0
  let left = goal
  for (let round: u32 = 0; round < 3; round++) {
    const shift: u32 = round === 0 ? 21 : round === 1 ? 10 : 0
    memory.fill(scratch(), 0, BUCKET_BYTES * BUCKETS)
    weighRow(d, row, top, temperature, least, first, shift)
    if (round === 0 && temperature !== 0) left *= heavier(0)
    const bucket = bucketOf(round === 2 ? 1024 : BUCKETS, left)
    left -= heavier(bucket + 1)
    first += bucket << shift
  }
  return first
}

/** What the buckets from `from` on weigh. */
function heavier(from: u32): f64 {
  let sum: f64 = 0
  for (let i: i32 = BUCKETS - 1; i >= <i32>from; i--) sum += weightIn(i)
  return sum
}

/** The highest bucket that with all above it weighs as much as the goal; 0 where none does. */
function bucketOf(size: u32, goal: f64): u32 {
  let sum: f64 = 0
  for (let i = size - 1; i > 0; i--) {
    sum += weightIn(i)
    if (sum >= goal) return i
  }
  return 0
}

/** Sums the weights of a row's tokens into buckets of 1 << shift orders from `first` on; what lies beyond them is left out. */
function weighRow(
  d: Dispatch,
  row: u32,
  top: f32,
  temperature: f32,
  least: u32,
  first: u32,
  shift: u32,
): void {
  const step = stepOf(d)
  const span: u32 = shift === 21 ? 0xffffffff : shift === 10 ? (1 << 21) - 1 : 1023
  const base = i32x4.splat(first)
  for (let slice: u32 = 0; slice < slicesOf(step); slice++) {
    const logits = columnsAt(d, slice, row)
    const count = tokensOf(step, slice)
    for (let c: u32 = 0; c < count; c += 4) {
      const v = logitsAt(logits + 4 * <usize>c, count - c)
      const order = orderOf(v)
      const offset = i32x4.sub(order, base)
      const inside = v128.and(i32x4.ge_u(order, i32x4.splat(least)), i32x4.le_u(offset, i32x4.splat(span)))
      const counts = i32x4.bitmask(v128.and(inside, f32x4.gt(v, f32x4.splat(LOWEST))))
      if (counts === 0) continue
      const weights = temperature === 0 ? f32x4.splat(1) : weightsOf(v, top, temperature)
      const buckets = i32x4.shr_u(offset, shift)
      if (counts & 1) add(i32x4.extract_lane(buckets, 0), 0, f32x4.extract_lane(weights, 0))
      if (counts & 2) add(i32x4.extract_lane(buckets, 1), 1, f32x4.extract_lane(weights, 1))
      if (counts & 4) add(i32x4.extract_lane(buckets, 2), 2, f32x4.extract_lane(weights, 2))
      if (counts & 8) add(i32x4.extract_lane(buckets, 3), 3, f32x4.extract_lane(weights, 3))
    }
  }
}

@inline
function weightsOf(v: v128, top: f32, temperature: f32): v128 {
  return expDown4(f32x4.div(f32x4.sub(v, f32x4.splat(top)), f32x4.splat(temperature)), -87)
}

@inline
function add(bucket: u32, lane: usize, weight: f32): void {
  const at = scratch() + BUCKET_BYTES * bucket + 8 * lane
  store<f64>(at, load<f64>(at) + <f64>weight)
}

@inline
function weightIn(bucket: u32): f64 {
  const at = scratch() + BUCKET_BYTES * bucket
  return load<f64>(at) + load<f64>(at, 8) + (load<f64>(at, 16) + load<f64>(at, 24))
}
