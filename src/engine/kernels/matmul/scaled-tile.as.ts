/**
 * The tile for few rows of halves: up to 4 rows of 16 columns, which come out parted (common/parted-halves.as.ts), or,
 * where not `wide`, of the 8 that one vector holds. Halves become floats in registers on the way, by operations that
 * multiply-adds leave room for. Rows lie side by side, k by k, times HALVES_SCALE: products are exactly the same, and
 * halves need not be scaled. Neighbouring vectors go through the same operations, for V8 to fuse.
 */
import { bitsKept, evenOf, isSpecial, larger, oddOf } from '../common/parted-halves.as'
import { madd } from '../common/simd.as'
import { PANEL } from './tile.as'

/** Rows of the tallest: with two pairs of sums a row, the most whose accumulators fit beside the halves. */
export const TALLEST_SCALED: u32 = 4

/**
 * Adds a panel of halves to the parted sums of `rows` rows. False, and nothing added, where infinities or NaN are among
 * the halves.
 */
@inline
export function scaledTile(
  rows: u32,
  wide: bool,
  left: usize,
  panel: usize,
  depth: u32,
  sums: usize,
  sumsStep: usize,
  room: usize,
): bool {
  const kept = bitsKept(room)
  const to0: usize = sums
  const to1: usize = to0 + sumsStep
  const to2: usize = to1 + sumsStep
  const to3: usize = to2 + sumsStep
  const zero = f32x4.splat(0)
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero
  let s20 = zero, s21 = zero, s22 = zero, s23 = zero
  let s30 = zero, s31 = zero, s32 = zero, s33 = zero
  s00 = v128.load(to0)
  if (wide) s01 = v128.load(to0, 16)
  s02 = v128.load(to0, 32)
  if (wide) s03 = v128.load(to0, 48)
  if (rows > 1) {
    s10 = v128.load(to1)
    if (wide) s11 = v128.load(to1, 16)
    s12 = v128.load(to1, 32)
    if (wide) s13 = v128.load(to1, 48)
  }
  if (rows > 2) {
    s20 = v128.load(to2)
    if (wide) s21 = v128.load(to2, 16)
    s22 = v128.load(to2, 32)
    if (wide) s23 = v128.load(to2, 48)
  }
  if (rows > 3) {
    s30 = v128.load(to3)
    if (wide) s31 = v128.load(to3, 16)
    s32 = v128.load(to3, 32)
    if (wide) s33 = v128.load(to3, 48)
  }
  let most0 = i16x8.splat(0)
  let most1 = most0
  for (const end = panel + 2 * PANEL * <usize>depth; panel < end; panel += 2 * PANEL, left += 4 * rows) {
    const a = v128.load(panel)
    const b = wide ? v128.load(panel, 16) : a
    most0 = larger(most0, a)
    if (wide) most1 = larger(most1, b)
    const even0 = evenOf(a, kept)
    const even1 = wide ? evenOf(b, kept) : zero
    const odd0 = oddOf(a, kept)
    const odd1 = wide ? oddOf(b, kept) : zero
    const x0 = v128.load32_splat(left)
    s00 = madd(x0, even0, s00)
    if (wide) s01 = madd(x0, even1, s01)
    s02 = madd(x0, odd0, s02)
    if (wide) s03 = madd(x0, odd1, s03)
    if (rows > 1) {
      const x1 = v128.load32_splat(left, 4)
      s10 = madd(x1, even0, s10)
      if (wide) s11 = madd(x1, even1, s11)
      s12 = madd(x1, odd0, s12)
      if (wide) s13 = madd(x1, odd1, s13)
    }
    if (rows > 2) {
      const x2 = v128.load32_splat(left, 8)
      s20 = madd(x2, even0, s20)
      if (wide) s21 = madd(x2, even1, s21)
      s22 = madd(x2, odd0, s22)
      if (wide) s23 = madd(x2, odd1, s23)
    }
    if (rows > 3) {
      const x3 = v128.load32_splat(left, 12)
      s30 = madd(x3, even0, s30)
      if (wide) s31 = madd(x3, even1, s31)
      s32 = madd(x3, odd0, s32)
      if (wide) s33 = madd(x3, odd1, s33)
    }
  }
  // In memory V8 has it as a pair.
  v128.store(room, most0)
  v128.store(room, most1, 16)
  if (isSpecial(v128.load(room), v128.load(room, 16))) return false
  v128.store(to0, s00)
  if (wide) v128.store(to0, s01, 16)
  v128.store(to0, s02, 32)
  if (wide) v128.store(to0, s03, 48)
  if (rows > 1) {
    v128.store(to1, s10)
    if (wide) v128.store(to1, s11, 16)
    v128.store(to1, s12, 32)
    if (wide) v128.store(to1, s13, 48)
  }
  if (rows > 2) {
    v128.store(to2, s20)
    if (wide) v128.store(to2, s21, 16)
    v128.store(to2, s22, 32)
    if (wide) v128.store(to2, s23, 48)
  }
  if (rows > 3) {
    v128.store(to3, s30)
    if (wide) v128.store(to3, s31, 16)
    v128.store(to3, s32, 32)
    if (wide) v128.store(to3, s33, 48)
  }
  return true
}
