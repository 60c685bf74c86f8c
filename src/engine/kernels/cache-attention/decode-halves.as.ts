/**
 * What decode-floats.as.ts does, where keys and values are halves. A half's bits, shifted to where a float
 * has them, are the number times 2^-112, subnormal ones too: queries and weights, which are few, are
 * multiplied by 2^112 instead. Even and odd dimensions are shifted apart, so queries and sums lie in scratch
 * with the eight even ones of sixteen first. Infinities and NaN would come out as numbers: where one has been
 * read, the task's results are no numbers. Neighbouring vectors go through the same operations, for V8 to fuse.
 */
import { ROW } from '../attention/block.as'
import { scratch } from '../common/dispatch.as'
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

/** 2^112. Only queries of half a million or more overflow by it. */
export const HALVES_SCALE: f32 = reinterpret<f32>(0x77800000)

/** Twice a half, as an unsigned number, from which on it is infinite or no number. */
const SPECIAL: i16 = <i16>0xf800

/** In scratch: the largest of the halves read in this task, twice and unsigned, lane by lane of two vectors. */
export function forgetSpecial(): void {
  memory.fill(scratch() + LARGEST_AT, 0, 32)
}

export function hasSpecial(): bool {
  const at = scratch() + LARGEST_AT
  return v128.any_true(i16x8.ge_u(i16x8.max_u(v128.load(at), v128.load(at, 16)), i16x8.splat(SPECIAL)))
}

/**
 * What stays of the bits when a half has been shifted: in memory, as V8 would build a constant anew wherever
 * it is used.
 */
@inline
function bitsKept(): v128 {
  const at = scratch() + CONSTANT_AT
  store<u32>(at, 0x8fffe000)
  return v128.load32_splat(at)
}

@inline
function evenOf(eight: v128, kept: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(eight, 16), 3), kept)
}

@inline
function oddOf(eight: v128, kept: v128): v128 {
  return v128.and(i32x4.shr_s(eight, 3), kept)
}

/** Twice a half is its magnitude. */
@inline
function larger(most: v128, eight: v128): v128 {
  return i16x8.max_u(most, i16x8.add(eight, eight))
}

/** Sixteens with their even dimensions first, and back. */
export function partSixteens(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 64) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    const c = v128.load(at, 32)
    const d = v128.load(at, 48)
    v128.store(at, v128.shuffle<i32>(a, b, 0, 2, 4, 6))
    v128.store(at, v128.shuffle<i32>(c, d, 0, 2, 4, 6), 16)
    v128.store(at, v128.shuffle<i32>(a, b, 1, 3, 5, 7), 32)
    v128.store(at, v128.shuffle<i32>(c, d, 1, 3, 5, 7), 48)
  }
}

export function joinSixteens(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 64) {
    const even0 = v128.load(at)
    const even1 = v128.load(at, 16)
    const odd0 = v128.load(at, 32)
    const odd1 = v128.load(at, 48)
    v128.store(at, v128.shuffle<i32>(even0, odd0, 0, 4, 1, 5))
    v128.store(at, v128.shuffle<i32>(even0, odd0, 2, 6, 3, 7), 16)
    v128.store(at, v128.shuffle<i32>(even1, odd1, 0, 4, 1, 5), 32)
    v128.store(at, v128.shuffle<i32>(even1, odd1, 2, 6, 3, 7), 48)
  }
}

/** Scores of four rows, `step` bytes long, for all heads of the task. */
export function scoreHalves(keys: usize, step: usize, four: u32, heads: u32): void {
  let a = keys + step * rowOfFour(four, 0)
  let b = keys + step * rowOfFour(four, 1)
  let c = keys + step * rowOfFour(four, 2)
  let e = keys + step * rowOfFour(four, 3)
  let to = scratch() + 16 * <usize>four
  let query = scratch() + QUERIES_AT
  const sums = scratch() + SUMS_AT
  const mostAt = scratch() + LARGEST_AT
  const seen = seenOfFour(four)
  const kept = bitsKept()
  let most0 = v128.load(mostAt)
  let most1 = v128.load(mostAt, 16)
  for (let h: u32 = 0; h < heads; h++) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, e0 = a0, e1 = a0
    for (const end = query + ROW; query < end; query += 64) {
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
export function gatherHalves(values: usize, step: usize, four: u32, heads: u32): void {
  let a = values + step * rowOfFour(four, 0)
  let b = values + step * rowOfFour(four, 1)
  let c = values + step * rowOfFour(four, 2)
  let e = values + step * rowOfFour(four, 3)
  let weight = scratch() + SCORES_AT + 16 * <usize>four
  let to = scratch() + OUT_AT
  const mostAt = scratch() + LARGEST_AT
  const kept = bitsKept()
  let most0 = v128.load(mostAt)
  let most1 = v128.load(mostAt, 16)
  for (let h: u32 = 0; h < heads; h++) {
    const w0 = v128.load32_splat(weight)
    const w1 = v128.load32_splat(weight, 4)
    const w2 = v128.load32_splat(weight, 8)
    const w3 = v128.load32_splat(weight, 12)
    for (const end = to + ROW; to < end; to += 64) {
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
