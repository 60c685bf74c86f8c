/**
 * Twin of drop-score.wgsl: drop scores and the rule they decide by, for every kernel that computes them.
 *   x[k,j] = dot(Qi[k], Ki[j]) / sqrt(r) + beta + shift ;  query k drops key j where x <= 0
 * One order of operations, however many are scored at a time: lane i adds up dimensions i, i + 4, ..., then
 * (lane 0 + lane 2) + (lane 1 + lane 3). A product has the same bits whichever factor comes first, so `one`
 * may be a key and the others queries, or a query and the others keys.
 */
import { madd, sumLanes } from '../common/simd.as'

/** What sums are multiplied by; r4 = r / 4. */
@inline
export function dropScale(r4: u32): v128 {
  const r: u32 = 4 * r4
  return f32x4.splat(1 / Mathf.sqrt(<f32>r))
}

/** Dot products of `one` with four others, each of `bytes` bytes. */
@inline
export function dropDots(one: usize, a: usize, b: usize, c: usize, d: usize, bytes: usize): v128 {
  let x0 = f32x4.splat(0)
  let x1 = f32x4.splat(0)
  let x2 = f32x4.splat(0)
  let x3 = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(one + i)
    x0 = madd(v128.load(a + i), v, x0)
    x1 = madd(v128.load(b + i), v, x1)
    x2 = madd(v128.load(c + i), v, x2)
    x3 = madd(v128.load(d + i), v, x3)
  }
  return sumsOfFour(x0, x1, x2, x3)
}

/** The same of one pair, in every lane. */
@inline
export function dropDot(one: usize, a: usize, bytes: usize): v128 {
  let x = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) x = madd(v128.load(a + i), v128.load(one + i), x)
  return f32x4.splat(sumLanes(x))
}

/** Sums of dot products -> scores. */
@inline
export function dropScores(dots: v128, scale: v128, betaShift: f32): v128 {
  return f32x4.add(f32x4.mul(dots, scale), f32x4.splat(betaShift))
}

/** Which lanes are kept, as ones; a score that is no number drops. */
@inline
export function isKept(scores: v128): v128 {
  return f32x4.gt(scores, f32x4.splat(0))
}

/** `sumLanes` of each of four vectors, in the order given. */
@inline
export function sumsOfFour(x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  // Lanes 0 and 1 of two vectors plus their lanes 2 and 3, then even plus odd ones.
  const a = f32x4.add(v128.shuffle<i64>(x0, x1, 0, 2), v128.shuffle<i64>(x0, x1, 1, 3))
  const b = f32x4.add(v128.shuffle<i64>(x2, x3, 0, 2), v128.shuffle<i64>(x2, x3, 1, 3))
  return f32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7))
}
