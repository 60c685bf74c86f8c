/**
 * What decode-attention.as.ts does with four rows of keys and values in f32: neighbours in scratch are four
 * rows' results. Neighbouring vectors go through the same operations, for V8 to fuse.
 */
import { headBytes } from '../attention/head-width.as'
import { scratch } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import {
  LOWEST,
  OUT_AT,
  QUERIES_AT,
  rowOfFour,
  SCORES,
  SCORES_AT,
  seenOfFour,
  SUMS_AT,
  sumsOfPairs,
} from './decode-rows.as'

/** Scores of four rows, `step` bytes long, for all heads of the task. */
export function score<W>(keys: usize, step: usize, four: u32, heads: u32): void {
  let a = keys + step * rowOfFour(four, 0)
  let b = keys + step * rowOfFour(four, 1)
  let c = keys + step * rowOfFour(four, 2)
  let e = keys + step * rowOfFour(four, 3)
  let to = scratch() + 16 * <usize>four
  let query = scratch() + QUERIES_AT
  const sums = scratch() + SUMS_AT
  const seen = seenOfFour(four)
  for (let h: u32 = 0; h < heads; h++) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, e0 = a0, e1 = a0
    for (const end = query + headBytes<W>(); query < end; query += 32) {
      const x = v128.load(query)
      const y = v128.load(query, 16)
      a0 = madd(x, v128.load(a), a0)
      a1 = madd(y, v128.load(a, 16), a1)
      b0 = madd(x, v128.load(b), b0)
      b1 = madd(y, v128.load(b, 16), b1)
      c0 = madd(x, v128.load(c), c0)
      c1 = madd(y, v128.load(c, 16), c1)
      e0 = madd(x, v128.load(e), e0)
      e1 = madd(y, v128.load(e, 16), e1)
      a += 32
      b += 32
      c += 32
      e += 32
    }
    v128.store(sums, a0)
    v128.store(sums, a1, 16)
    v128.store(sums, b0, 32)
    v128.store(sums, b1, 48)
    v128.store(sums, c0, 64)
    v128.store(sums, c1, 80)
    v128.store(sums, e0, 96)
    v128.store(sums, e1, 112)
    v128.store(to, v128.bitselect(sumsOfPairs(sums), f32x4.splat(LOWEST), seen), SCORES_AT)
    to += SCORES
  }
}

/** Adds up the weighted values of four rows, `step` bytes long, for all heads of the task. */
export function gather<W>(values: usize, step: usize, four: u32, heads: u32): void {
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
    for (const end = to + headBytes<W>(); to < end; to += 32) {
      let x = madd(w1, v128.load(b), madd(w0, v128.load(a), v128.load(to)))
      let y = madd(w1, v128.load(b, 16), madd(w0, v128.load(a, 16), v128.load(to, 16)))
      x = madd(w3, v128.load(e), madd(w2, v128.load(c), x))
      y = madd(w3, v128.load(e, 16), madd(w2, v128.load(c, 16), y))
      v128.store(to, x)
      v128.store(to, y, 16)
      a += 32
      b += 32
      c += 32
      e += 32
    }
    weight += SCORES
  }
}
