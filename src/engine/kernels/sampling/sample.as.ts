/**
 * Twin of sample.wgsl: each row's token at random from softmax(logits / temperature), restricted to the top k, then to the
 * top p; temperature 0 takes the arg max. A task is a row.
 * Drawing is the arg max of logit / temperature + Gumbel noise, which is a hash of (token, position, seed). Of most tokens
 * the hash alone shows that they cannot win, so few logarithms are taken.
 */
import { at, Dispatch, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { log1 } from '../common/simd.as'
import {
  argMax,
  beginChoice,
  bestScore,
  bestToken,
  columnsAt,
  consider,
  LOWEST,
  logitsAt,
  NO_TOKEN,
  slicesOf,
  stepOf,
  takeToken,
  tokensOf,
} from './sample-choice.as'
import { leastOrder, orderOf, Sampling } from './sample-least.as'

const SAMPLING_BYTES: usize = 16

export function sample(d: Dispatch): void {
  for (let row = take(d); row < d.x; row = take(d)) {
    const sampling = changetype<Sampling>(at(d, 5) + SAMPLING_BYTES * row)
    argMax(d, row)
    if (sampling.temperature > 0 && bestToken !== NO_TOKEN) draw(d, row, sampling)
    takeToken(d, row, bestToken)
  }
}

function draw(d: Dispatch, row: u32, sampling: Sampling): void {
  const step = stepOf(d)
  const top = bestScore
  const least = leastOrder(d, row, top, sampling)
  const position = load<u32>(at(d, 1) + 8 * <usize>row, 4) + 1
  beginChoice()
  for (let slice: u32 = 0; slice < slicesOf(step); slice++) {
    const logits = columnsAt(d, slice, row)
    const count = tokensOf(step, slice)
    for (let c: u32 = 0; c < count; c += 4) {
      const v = logitsAt(logits + 4 * <usize>c, count - c)
      const kept = v128.and(i32x4.ge_u(orderOf(v), i32x4.splat(least)), f32x4.gt(v, f32x4.splat(LOWEST)))
      if (!v128.any_true(kept)) continue
      const scores = f32x4.div(f32x4.sub(v, f32x4.splat(top)), f32x4.splat(sampling.temperature))
      drawFour(scores, kept, slice * step.width + c, position, sampling.seed)
    }
  }
}

/** Considers those of four neighbouring tokens that are kept. */
@inline
function drawFour(scores: v128, kept: v128, token: u32, position: u32, seed: u32): void {
  const uniform = uniforms(token, position, seed)
  // -log(-log(1 - w)) <= -log(w): to beat the best, w must be below exp(score - best). A thousandth is more than rounding.
  const margin = f32x4.add(f32x4.sub(scores, f32x4.splat(bestScore)), f32x4.splat(1e-3))
  const limit = expDown4(f32x4.pmin(margin, f32x4.splat(1)), -87)
  const hopeful = i32x4.bitmask(v128.and(kept, f32x4.le(uniform, limit)))
  if (hopeful === 0) return
  if (hopeful & 1) consider(f32x4.extract_lane(scores, 0) + gumbel(f32x4.extract_lane(uniform, 0)), token)
  if (hopeful & 2) consider(f32x4.extract_lane(scores, 1) + gumbel(f32x4.extract_lane(uniform, 1)), token + 1)
  if (hopeful & 4) consider(f32x4.extract_lane(scores, 2) + gumbel(f32x4.extract_lane(uniform, 2)), token + 2)
  if (hopeful & 8) consider(f32x4.extract_lane(scores, 3) + gumbel(f32x4.extract_lane(uniform, 3)), token + 3)
}

/** Hashes of four neighbouring tokens as numbers between 0 and 1: pcg3d, see sample.wgsl. */
@inline
function uniforms(token: u32, position: u32, seed: u32): v128 {
  const factor: u32 = 1664525
  const summand: u32 = 1013904223
  const tokens = i32x4.add(i32x4.splat(token), i32x4(0, 1, 2, 3))
  let x = i32x4.add(i32x4.mul(tokens, i32x4.splat(factor)), i32x4.splat(summand))
  let y = i32x4.splat(position * factor + summand)
  let z = i32x4.splat(seed * factor + summand)
  x = i32x4.add(x, i32x4.mul(y, z))
  y = i32x4.add(y, i32x4.mul(z, x))
  z = i32x4.add(z, i32x4.mul(x, y))
  x = v128.xor(x, i32x4.shr_u(x, 16))
  y = v128.xor(y, i32x4.shr_u(y, 16))
  z = v128.xor(z, i32x4.shr_u(z, 16))
  const hash = f32x4.convert_i32x4_u(i32x4.add(x, i32x4.mul(y, z)))
  const w = f32x4.mul(f32x4.add(hash, f32x4.splat(0.5)), f32x4.splat(2.3283064365386963e-10))
  return f32x4.min(w, f32x4.splat(0.99999994))
}

/** -log(-log(u)) of a uniform u = 1 - w. The winners have w near 0, where log(1 - w) would lose all digits. */
function gumbel(w: f32): f32 {
  const series: f32 = w * (1 + w * (0.5 + w * (<f32>0.33333333 + <f32>0.25 * w)))
  return -log1(w < 0.015625 ? series : -log1(1 - w))
}
