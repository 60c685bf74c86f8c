/**
 * What decode-floats.as.ts does, where keys and values are halves. A half's bits, shifted to where a float
 * has them, are the number times 2^-112, subnormal ones too: queries and weights, which are few, are
 * multiplied by 2^112 instead. Even and odd dimensions are shifted apart, so queries and sums lie in scratch
 * with the four even ones of eight first. Infinities and NaN would come out as numbers: where one has been
 * read, the task's results are no numbers.
 */
import { ROW } from '../attention/block.as'
import { scratch } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { sumsOfFour } from '../drops/drop-score.as'
import {
  CONSTANT_AT,
  LOWEST,
  OUT_AT,
  QUERIES_AT,
  rowOfFour,
  SCORES,
  SCORES_AT,
  seenOfFour,
} from './decode-rows.as'

/** 2^112. Only queries of half a million or more overflow by it. */
export const HALVES_SCALE: f32 = reinterpret<f32>(0x77800000)

/** Twice a half, as an unsigned number, from which on it is infinite or no number. */
const SPECIAL: i16 = <i16>0xf800

/** The largest of the halves read in this task, twice and unsigned, lane by lane. */
let largest: v128 = i32x4(0, 0, 0, 0)

export function forgetSpecial(): void {
  largest = i32x4(0, 0, 0, 0)
}

export function hasSpecial(): bool {
  return v128.any_true(i16x8.ge_u(largest, i16x8.splat(SPECIAL)))
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

/** Eights with their even dimensions first, and back. */
export function partEights(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 32) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    v128.store(at, v128.shuffle<i32>(a, b, 0, 2, 4, 6))
    v128.store(at, v128.shuffle<i32>(a, b, 1, 3, 5, 7), 16)
  }
}

export function joinEights(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 32) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    v128.store(at, v128.shuffle<i32>(a, b, 0, 4, 1, 5))
    v128.store(at, v128.shuffle<i32>(a, b, 2, 6, 3, 7), 16)
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
  const seen = seenOfFour(four)
  const kept = bitsKept()
  let most = largest
  for (let h: u32 = 0; h < heads; h++) {
    let x0 = f32x4.splat(0)
    let x1 = f32x4.splat(0)
    let x2 = f32x4.splat(0)
    let x3 = f32x4.splat(0)
    for (const end = query + ROW; query < end; query += 32) {
      const even = v128.load(query)
      const odd = v128.load(query, 16)
      let eight = v128.load(a)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      x0 = madd(odd, oddOf(eight, kept), madd(even, evenOf(eight, kept), x0))
      eight = v128.load(b)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      x1 = madd(odd, oddOf(eight, kept), madd(even, evenOf(eight, kept), x1))
      eight = v128.load(c)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      x2 = madd(odd, oddOf(eight, kept), madd(even, evenOf(eight, kept), x2))
      eight = v128.load(e)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      x3 = madd(odd, oddOf(eight, kept), madd(even, evenOf(eight, kept), x3))
      a += 16
      b += 16
      c += 16
      e += 16
    }
    v128.store(to, v128.bitselect(sumsOfFour(x0, x1, x2, x3), f32x4.splat(LOWEST), seen), SCORES_AT)
    to += SCORES
  }
  largest = most
}

/** Adds up the weighted values of four rows, `step` bytes long, for all heads of the task. */
export function gatherHalves(values: usize, step: usize, four: u32, heads: u32): void {
  let a = values + step * rowOfFour(four, 0)
  let b = values + step * rowOfFour(four, 1)
  let c = values + step * rowOfFour(four, 2)
  let e = values + step * rowOfFour(four, 3)
  let weight = scratch() + SCORES_AT + 16 * <usize>four
  let to = scratch() + OUT_AT
  const kept = bitsKept()
  let most = largest
  for (let h: u32 = 0; h < heads; h++) {
    const w0 = v128.load32_splat(weight)
    const w1 = v128.load32_splat(weight, 4)
    const w2 = v128.load32_splat(weight, 8)
    const w3 = v128.load32_splat(weight, 12)
    for (const end = to + ROW; to < end; to += 32) {
      let eight = v128.load(a)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      let even = madd(w0, evenOf(eight, kept), v128.load(to))
      let odd = madd(w0, oddOf(eight, kept), v128.load(to, 16))
      eight = v128.load(b)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      even = madd(w1, evenOf(eight, kept), even)
      odd = madd(w1, oddOf(eight, kept), odd)
      eight = v128.load(c)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      even = madd(w2, evenOf(eight, kept), even)
      odd = madd(w2, oddOf(eight, kept), odd)
      eight = v128.load(e)
      most = i16x8.max_u(most, i16x8.add(eight, eight))
      v128.store(to, madd(w3, evenOf(eight, kept), even))
      v128.store(to, madd(w3, oddOf(eight, kept), odd), 16)
      a += 16
      b += 16
      c += 16
      e += 16
    }
    weight += SCORES
  }
  largest = most
}
