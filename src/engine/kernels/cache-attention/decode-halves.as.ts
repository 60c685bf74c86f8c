/**
 * What decode-floats.as.ts does, where keys and values are halves. They come out 2^112 too small and parted
 * (common/parted-halves.as.ts): queries and weights, which are few, are multiplied by 2^112 instead (only queries of half a
 * million or more overflow by it), and queries and sums lie in scratch with the eight even dimensions of sixteen first.
 * Where an infinity or NaN has been read, the task's results are no numbers. Neighbouring vectors go through the same
 * operations, for V8 to fuse.
 */
import { headBytes } from '../attention/head-width.as'
import { scratch } from '../common/dispatch.as'
import { bitsKept, evenOf, isSpecial, larger, oddOf } from '../common/parted-halves.as'
import { madd } from '../common/simd.as'
import {
  CONSTANT_AT,
  LARGEST_AT,
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

/** In scratch: the largest of the halves read in this task, twice and unsigned, lane by lane of two vectors. */
export function forgetSpecial(): void {
  memory.fill(scratch() + LARGEST_AT, 0, 32)
}

export function hasSpecial(): bool {
  const at = scratch() + LARGEST_AT
  return isSpecial(v128.load(at), v128.load(at, 16))
}

/** Scores of four rows, `step` bytes long, for all heads of the task. */
export function scoreHalves<W>(keys: usize, step: usize, four: u32, heads: u32): void {
  let a = keys + step * rowOfFour(four, 0)
  let b = keys + step * rowOfFour(four, 1)
  let c = keys + step * rowOfFour(four, 2)
  let e = keys + step * rowOfFour(four, 3)
  let to = scratch() + 16 * <usize>four
  let query = scratch() + QUERIES_AT
  const sums = scratch() + SUMS_AT
  const mostAt = scratch() + LARGEST_AT
  const seen = seenOfFour(four)
  const kept = bitsKept(scratch() + CONSTANT_AT)
  let most0 = v128.load(mostAt)
  let most1 = v128.load(mostAt, 16)
  for (let h: u32 = 0; h < heads; h++) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, e0 = a0, e1 = a0
    for (const end = query + headBytes<W>(); query < end; query += 64) {
      const even0 = v128.load(query)
      const even1 = v128.load(query, 16)
      const odd0 = v128.load(query, 32)
      const odd1 = v128.load(query, 48)
      let x = v128.load(a)
      let y = v128.load(a, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      a0 = madd(odd0, oddOf(x, kept), madd(even0, evenOf(x, kept), a0))
      a1 = madd(odd1, oddOf(y, kept), madd(even1, evenOf(y, kept), a1))
      x = v128.load(b)
      y = v128.load(b, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      b0 = madd(odd0, oddOf(x, kept), madd(even0, evenOf(x, kept), b0))
      b1 = madd(odd1, oddOf(y, kept), madd(even1, evenOf(y, kept), b1))
      x = v128.load(c)
      y = v128.load(c, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      c0 = madd(odd0, oddOf(x, kept), madd(even0, evenOf(x, kept), c0))
      c1 = madd(odd1, oddOf(y, kept), madd(even1, evenOf(y, kept), c1))
      x = v128.load(e)
      y = v128.load(e, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      e0 = madd(odd0, oddOf(x, kept), madd(even0, evenOf(x, kept), e0))
      e1 = madd(odd1, oddOf(y, kept), madd(even1, evenOf(y, kept), e1))
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
  v128.store(mostAt, most0)
  v128.store(mostAt, most1, 16)
}

/** Adds up the weighted values of four rows, `step` bytes long, for all heads of the task. */
export function gatherHalves<W>(values: usize, step: usize, four: u32, heads: u32): void {
  let a = values + step * rowOfFour(four, 0)
  let b = values + step * rowOfFour(four, 1)
  let c = values + step * rowOfFour(four, 2)
  let e = values + step * rowOfFour(four, 3)
  let weight = scratch() + SCORES_AT + 16 * <usize>four
  let to = scratch() + OUT_AT
  const mostAt = scratch() + LARGEST_AT
  const kept = bitsKept(scratch() + CONSTANT_AT)
  let most0 = v128.load(mostAt)
  let most1 = v128.load(mostAt, 16)
  for (let h: u32 = 0; h < heads; h++) {
    const w0 = v128.load32_splat(weight)
    const w1 = v128.load32_splat(weight, 4)
    const w2 = v128.load32_splat(weight, 8)
    const w3 = v128.load32_splat(weight, 12)
    for (const end = to + headBytes<W>(); to < end; to += 64) {
      let x = v128.load(a)
      let y = v128.load(a, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      let even0 = madd(w0, evenOf(x, kept), v128.load(to))
      let even1 = madd(w0, evenOf(y, kept), v128.load(to, 16))
      let odd0 = madd(w0, oddOf(x, kept), v128.load(to, 32))
      let odd1 = madd(w0, oddOf(y, kept), v128.load(to, 48))
      x = v128.load(b)
      y = v128.load(b, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      even0 = madd(w1, evenOf(x, kept), even0)
      even1 = madd(w1, evenOf(y, kept), even1)
      odd0 = madd(w1, oddOf(x, kept), odd0)
      odd1 = madd(w1, oddOf(y, kept), odd1)
      x = v128.load(c)
      y = v128.load(c, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      even0 = madd(w2, evenOf(x, kept), even0)
      even1 = madd(w2, evenOf(y, kept), even1)
      odd0 = madd(w2, oddOf(x, kept), odd0)
      odd1 = madd(w2, oddOf(y, kept), odd1)
      x = v128.load(e)
      y = v128.load(e, 16)
      most0 = larger(most0, x)
      most1 = larger(most1, y)
      v128.store(to, madd(w3, evenOf(x, kept), even0))
      v128.store(to, madd(w3, evenOf(y, kept), even1), 16)
      v128.store(to, madd(w3, oddOf(x, kept), odd0), 32)
      v128.store(to, madd(w3, oddOf(y, kept), odd1), 48)
      a += 32
      b += 32
      c += 32
      e += 32
    }
    weight += SCORES
  }
  v128.store(mostAt, most0)
  v128.store(mostAt, most1, 16)
}
