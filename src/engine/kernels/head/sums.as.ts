/** What sums over a vocabulary slice have in common: four columns at a time, the last of which may be padding. */

/** Columns that are added up in float32; sums of blocks are added in float64, which costs nothing. */
export const BLOCK_COLUMNS: u32 = 256

/** All ones in those lanes of the four from column `c` on that are below `columns`. */
@inline
export function isToken(c: u32, columns: u32): v128 {
  return i32x4.lt_u(i32x4.add(i32x4.splat(c), i32x4(0, 1, 2, 3)), i32x4.splat(columns))
}

/** The sum of the lanes of both, in float64. */
@inline
export function sumLanes64(a: v128, b: v128): f64 {
  const v = f32x4.add(a, b)
  const high = i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
  const pairs = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(high))
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1)
}
