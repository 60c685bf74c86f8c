/**
 * The inner loop of attention: 6 queries times 8 columns, kept in registers while the terms of the sums go
 * by.
 *   c[q, n] = c[q, n] * scale[q] + sum_t a[q, t] b[t, n]
 * It serves both products, scores (terms are dimensions, columns keys) and outputs (terms are keys, columns
 * dimensions). One fixed order of terms, whatever else is in the tile.
 */
import { madd } from '../common/simd.as'
import { ROW } from './block.as'

/** Queries at a time. */
export const STRIP: u32 = 6
/** Columns at a time. */
export const PANEL: u32 = 8

/**
 * `a` and `c`: rows ROW bytes apart. `b`: rows `bStep` bytes apart. `terms`: a multiple of 4. `scale`: STRIP
 * floats, or 0 where c starts from nothing.
 */
export function product6x8(a: usize, b: usize, bStep: usize, terms: u32, c: usize, scale: usize): void {
  let c00 = f32x4.splat(0)
  let c01 = f32x4.splat(0)
  let c10 = f32x4.splat(0)
  let c11 = f32x4.splat(0)
  let c20 = f32x4.splat(0)
  let c21 = f32x4.splat(0)
  let c30 = f32x4.splat(0)
  let c31 = f32x4.splat(0)
  let c40 = f32x4.splat(0)
  let c41 = f32x4.splat(0)
  let c50 = f32x4.splat(0)
  let c51 = f32x4.splat(0)
  if (scale !== 0) {
    let by = v128.load32_splat(scale)
    c00 = f32x4.mul(v128.load(c), by)
    c01 = f32x4.mul(v128.load(c, 16), by)
    by = v128.load32_splat(scale, 4)
    c10 = f32x4.mul(v128.load(c, ROW), by)
    c11 = f32x4.mul(v128.load(c, ROW + 16), by)
    by = v128.load32_splat(scale, 8)
    c20 = f32x4.mul(v128.load(c, 2 * ROW), by)
    c21 = f32x4.mul(v128.load(c, 2 * ROW + 16), by)
    by = v128.load32_splat(scale, 12)
    c30 = f32x4.mul(v128.load(c, 3 * ROW), by)
    c31 = f32x4.mul(v128.load(c, 3 * ROW + 16), by)
    by = v128.load32_splat(scale, 16)
    c40 = f32x4.mul(v128.load(c, 4 * ROW), by)
    c41 = f32x4.mul(v128.load(c, 4 * ROW + 16), by)
    by = v128.load32_splat(scale, 20)
    c50 = f32x4.mul(v128.load(c, 5 * ROW), by)
    c51 = f32x4.mul(v128.load(c, 5 * ROW + 16), by)
  }
  const end = a + 4 * <usize>terms
  while (a < end) {
    let b0 = v128.load(b)
    let b1 = v128.load(b, 16)
    let x = v128.load32_splat(a)
    c00 = madd(x, b0, c00)
    c01 = madd(x, b1, c01)
    x = v128.load32_splat(a, ROW)
    c10 = madd(x, b0, c10)
    c11 = madd(x, b1, c11)
    x = v128.load32_splat(a, 2 * ROW)
    c20 = madd(x, b0, c20)
    c21 = madd(x, b1, c21)
    x = v128.load32_splat(a, 3 * ROW)
    c30 = madd(x, b0, c30)
    c31 = madd(x, b1, c31)
    x = v128.load32_splat(a, 4 * ROW)
    c40 = madd(x, b0, c40)
    c41 = madd(x, b1, c41)
    x = v128.load32_splat(a, 5 * ROW)
    c50 = madd(x, b0, c50)
    c51 = madd(x, b1, c51)
    b += bStep
    b0 = v128.load(b)
    b1 = v128.load(b, 16)
    x = v128.load32_splat(a, 4)
    c00 = madd(x, b0, c00)
    c01 = madd(x, b1, c01)
    x = v128.load32_splat(a, ROW + 4)
    c10 = madd(x, b0, c10)
    c11 = madd(x, b1, c11)
    x = v128.load32_splat(a, 2 * ROW + 4)
    c20 = madd(x, b0, c20)
    c21 = madd(x, b1, c21)
    x = v128.load32_splat(a, 3 * ROW + 4)
    c30 = madd(x, b0, c30)
    c31 = madd(x, b1, c31)
    x = v128.load32_splat(a, 4 * ROW + 4)
    c40 = madd(x, b0, c40)
    c41 = madd(x, b1, c41)
    x = v128.load32_splat(a, 5 * ROW + 4)
    c50 = madd(x, b0, c50)
    c51 = madd(x, b1, c51)
    b += bStep
    b0 = v128.load(b)
    b1 = v128.load(b, 16)
    x = v128.load32_splat(a, 8)
    c00 = madd(x, b0, c00)
    c01 = madd(x, b1, c01)
    x = v128.load32_splat(a, ROW + 8)
    c10 = madd(x, b0, c10)
    c11 = madd(x, b1, c11)
    x = v128.load32_splat(a, 2 * ROW + 8)
    c20 = madd(x, b0, c20)
    c21 = madd(x, b1, c21)
    x = v128.load32_splat(a, 3 * ROW + 8)
    c30 = madd(x, b0, c30)
    c31 = madd(x, b1, c31)
    x = v128.load32_splat(a, 4 * ROW + 8)
    c40 = madd(x, b0, c40)
    c41 = madd(x, b1, c41)
    x = v128.load32_splat(a, 5 * ROW + 8)
    c50 = madd(x, b0, c50)
    c51 = madd(x, b1, c51)
    b += bStep
    b0 = v128.load(b)
    b1 = v128.load(b, 16)
    x = v128.load32_splat(a, 12)
    c00 = madd(x, b0, c00)
    c01 = madd(x, b1, c01)
    x = v128.load32_splat(a, ROW + 12)
    c10 = madd(x, b0, c10)
    c11 = madd(x, b1, c11)
    x = v128.load32_splat(a, 2 * ROW + 12)
    c20 = madd(x, b0, c20)
    c21 = madd(x, b1, c21)
    x = v128.load32_splat(a, 3 * ROW + 12)
    c30 = madd(x, b0, c30)
    c31 = madd(x, b1, c31)
    x = v128.load32_splat(a, 4 * ROW + 12)
    c40 = madd(x, b0, c40)
    c41 = madd(x, b1, c41)
    x = v128.load32_splat(a, 5 * ROW + 12)
    c50 = madd(x, b0, c50)
    c51 = madd(x, b1, c51)
    b += bStep
    a += 16
  }
  v128.store(c, c00)
  v128.store(c, c01, 16)
  v128.store(c, c10, ROW)
  v128.store(c, c11, ROW + 16)
  v128.store(c, c20, 2 * ROW)
  v128.store(c, c21, 2 * ROW + 16)
  v128.store(c, c30, 3 * ROW)
  v128.store(c, c31, 3 * ROW + 16)
  v128.store(c, c40, 4 * ROW)
  v128.store(c, c41, 4 * ROW + 16)
  v128.store(c, c50, 5 * ROW)
  v128.store(c, c51, 5 * ROW + 16)
}
