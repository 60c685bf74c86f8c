/**
 * What decode-attention.as.ts does with four rows of keys and values in f32: neighbours in scratch are four
 * rows' results.
 */
import { ROW } from '../attention/block.as'
import { scratch } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { sumsOfFour } from '../drops/drop-score.as'
import { LOWEST, OUT_AT, QUERIES_AT, rowOfFour, SCORES, SCORES_AT, seenOfFour } from './decode-rows.as'

/** Scores of four rows, `step` bytes long, for all heads of the task. */
export function score(keys: usize, step: usize, four: u32, heads: u32): void {
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

/** Adds up the weighted values of four rows, `step` bytes long, for all heads of the task. */
export function gather(values: usize, step: usize, four: u32, heads: u32): void {
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
