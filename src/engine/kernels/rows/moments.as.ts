/** Mean and variance of a row, for layer norms, forward and backward. */
import { madd, sumLanes } from '../common/simd.as'

// Four sums side by side: one alone waits for each of its additions. The order depends on the columns only.

@inline
function fold(a: v128, b: v128, c: v128, d: v128): f32 {
  return sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)))
}

/** Sum of `bytes` of floats, a multiple of 16. */
export function rowSum(x: usize, bytes: usize): f32 {
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  const end = x + bytes
  for (; x + 64 <= end; x += 64) {
    a = f32x4.add(a, v128.load(x))
    b = f32x4.add(b, v128.load(x, 16))
    c = f32x4.add(c, v128.load(x, 32))
    d = f32x4.add(d, v128.load(x, 48))
  }
  for (; x < end; x += 16) a = f32x4.add(a, v128.load(x))
  return fold(a, b, c, d)
}

@inline
function addSquare(sum: v128, x: v128, mean: v128): v128 {
  const off = f32x4.sub(x, mean)
  return madd(off, off, sum)
}

/** Sum of squared distances from the mean. */
export function rowSquares(x: usize, bytes: usize, mean: f32): f32 {
  const m = f32x4.splat(mean)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  const end = x + bytes
  for (; x + 64 <= end; x += 64) {
    a = addSquare(a, v128.load(x), m)
    b = addSquare(b, v128.load(x, 16), m)
    c = addSquare(c, v128.load(x, 32), m)
    d = addSquare(d, v128.load(x, 48), m)
  }
  for (; x < end; x += 16) a = addSquare(a, v128.load(x), m)
  return fold(a, b, c, d)
}
