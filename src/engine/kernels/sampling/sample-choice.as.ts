/**
 * Twin of sample-choice.wgsl: where a row's logits lie, the arg max, and what is done with the chosen token.
 * logits: one vocabulary slice after another, each (M, its columns in memory); all slices but the last are `width` wide.
 */
import { at, Dispatch, struct } from '../common/dispatch.as'

export const LOWEST: f32 = -1e30
export const NO_TOKEN: u32 = 0xffffffff

@unmanaged
export class Step {
  rows: u32
  step: u32
  forced: u32
  V: u32
  width: u32
  last: u32
  half: u32
}

@inline
export function stepOf(d: Dispatch): Step {
  return struct<Step>(d, 4)
}

@inline
export function slicesOf(step: Step): u32 {
  return (step.V + step.width - 1) / step.width
}

/** Address of a row's logits in a slice. */
@inline
export function columnsAt(d: Dispatch, slice: u32, row: u32): usize {
  const step = stepOf(d)
  const columns: usize = slice + 1 === slicesOf(step) ? step.last : step.width
  return at(d, 0) + 4 * (<usize>step.rows * slice * step.width + columns * row)
}

/** Tokens of a slice. */
@inline
export function tokensOf(step: Step, slice: u32): u32 {
  return min(step.width, step.V - slice * step.width)
}

/** Logits of four neighbouring tokens, of which `count` are tokens; what is none is lower than any. */
@inline
export function logitsAt(four: usize, count: u32): v128 {
  const v = v128.load(four)
  if (count >= 4) return v
  return v128.bitselect(v, f32x4.splat(LOWEST), i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(count)))
}

/** Score and token of the best so far: globals are a thread's own. */
export let bestScore: f32 = LOWEST
export let bestToken: u32 = NO_TOKEN

export function beginChoice(): void {
  bestScore = LOWEST
  bestToken = NO_TOKEN
}

/** Tokens come in ascending order, so that the lowest token wins a tie. */
@inline
export function consider(score: f32, token: u32): void {
  if (!(score > bestScore)) return
  bestScore = score
  bestToken = token
}

/** The arg max of a row; the lowest token of a tie, and none where a logit is NaN or +infinity. */
export function argMax(d: Dispatch, row: u32): void {
  const step = stepOf(d)
  beginChoice()
  for (let slice: u32 = 0; slice < slicesOf(step); slice++) {
    argMaxOfSlice(columnsAt(d, slice, row), tokensOf(step, slice), slice * step.width)
  }
  if (!(bestScore <= f32.MAX_VALUE)) bestToken = NO_TOKEN
}

/** Each lane keeps the first of its largest, a NaN once there is one; then the best of the four goes. */
function argMaxOfSlice(logits: usize, count: u32, first: u32): void {
  let top = f32x4.splat(bestScore)
  let found = i32x4.splat(NO_TOKEN)
  let tokens = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3))
  for (let c: u32 = 0; c < count; c += 4) {
    const v = logitsAt(logits + 4 * <usize>c, count - c)
    const better = v128.or(f32x4.gt(v, top), f32x4.ne(v, v))
    top = v128.bitselect(v, top, better)
    found = v128.bitselect(tokens, found, better)
    tokens = i32x4.add(tokens, i32x4.splat(4))
  }
  challenge(f32x4.extract_lane(top, 0), i32x4.extract_lane(found, 0))
  challenge(f32x4.extract_lane(top, 1), i32x4.extract_lane(found, 1))
  challenge(f32x4.extract_lane(top, 2), i32x4.extract_lane(found, 2))
  challenge(f32x4.extract_lane(top, 3), i32x4.extract_lane(found, 3))
}

@inline
function challenge(score: f32, token: u32): void {
  if (isNaN(bestScore) || score < bestScore || (score === bestScore && token >= bestToken)) return
  bestScore = score
  bestToken = token
}

/** The chosen token, or the one that is forced, goes to the ring and takes its row one position on. */
export function takeToken(d: Dispatch, row: u32, chosen: u32): void {
  const step = stepOf(d)
  const i: usize = step.step * step.rows + row
  let token = chosen
  if (step.forced) {
    const forced = load<u32>(at(d, 3) + 4 * i)
    if (forced !== NO_TOKEN) token = forced
  }
  store<u32>(at(d, 2) + 4 * i, token)
  const last = at(d, 1) + 8 * <usize>row
  store<u32>(last, token)
  store<u32>(last, load<u32>(last, 4) + 1, 4)
}
