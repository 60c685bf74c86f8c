/** Twin of softmax-rows.wgsl. A task is a block of neighbouring rows. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { log1, maxLanes, sumLanes } from '../common/simd.as'
import { rowsATask } from './tasks.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  H: u32
}

@unmanaged
class Rows {
  T: u32
  head: u32
}

const LOWEST: f32 = -1e30
/** What is further below the largest score, or the log of the sum, weighs nothing. */
const CUT: f32 = -80

export function softmaxRows(d: Dispatch): void {
  const k = constants<Constants>(d)
  const rows = struct<Rows>(d, 2)
  const T = rows.T
  const count = d.x * d.y
  const block = rowsATask(T)
  for (let first = take(d) * block; first < count; first = take(d) * block) {
    const end = min(first + block, count)
    for (let row = first; row < end; row++) {
      const lse = softmax(at(d, 0) + 4 * row * T, row % T, T)
      store<f32>(at(d, 1) + 4 * (row * k.H + rows.head), lse)
    }
  }
}

/** Weights of one row's first `query` + 1 keys in place of their scores; their log-sum-exp. */
function softmax(row: usize, query: u32, T: u32): f32 {
  // Whole vec4s: what the last one has beyond the diagonal is as low as scores get.
  const end = row + 16 * (query / 4 + 1)
  const most = largest(row, end)
  const mass = exponentials(row, end, most)
  // exp(score - most) / mass: the shader takes exp twice instead of keeping what the sum is of.
  const share = f32x4.splat(1 / mass)
  for (let i = row; i < end; i += 16) v128.store(i, f32x4.mul(v128.load(i), share))
  const read = row + 4 * min(T, (query / 64 + 1) * 64)
  if (read > end) memory.fill(end, 0, read - end)
  return most + log1(mass)
}

/** Four maxima side by side, as one alone waits for each comparison. A NaN may get lost here, not in the sum. */
function largest(i: usize, end: usize): f32 {
  let a = f32x4.splat(LOWEST)
  let b = a
  let c = a
  let e = a
  for (; i + 64 <= end; i += 64) {
    a = f32x4.pmax(v128.load(i), a)
    b = f32x4.pmax(v128.load(i, 16), b)
    c = f32x4.pmax(v128.load(i, 32), c)
    e = f32x4.pmax(v128.load(i, 48), e)
  }
  for (; i < end; i += 16) a = f32x4.pmax(v128.load(i), a)
  return maxLanes(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, e)))
}

function exponentials(i: usize, end: usize, most: f32): f32 {
  const top = f32x4.splat(most)
  let a = f32x4.splat(0)
  let b = a
  for (; i + 32 <= end; i += 32) {
    const x = expDown4(f32x4.sub(v128.load(i), top), CUT)
    const y = expDown4(f32x4.sub(v128.load(i, 16), top), CUT)
    v128.store(i, x)
    v128.store(i, y, 16)
    a = f32x4.add(a, x)
    b = f32x4.add(b, y)
  }
  if (i < end) {
    const x = expDown4(f32x4.sub(v128.load(i), top), CUT)
    v128.store(i, x)
    a = f32x4.add(a, x)
  }
  return sumLanes(f32x4.add(a, b))
}
