/** Twin of column-peaks.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  FIRST: u32
}

@unmanaged
class Peaks {
  T: u32
  window: u32
}

const KEYS: u32 = 16

export function columnPeaks(d: Dispatch): void {
  const k = constants<Constants>(d)
  const shape = struct<Peaks>(d, 2)
  const T = shape.T
  const window = shape.window
  const tasks = ((T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) {
    const row = (task % d.y) * T
    const first = (task / d.y) * KEYS
    for (let j = first; j < min(first + KEYS, T); j += 4) {
      const to = at(d, 1) + 4 * <usize>(row + j)
      v128.store(to, peak(at(d, 0), row, j, T, window, k.FIRST ? f32x4.splat(0) : v128.load(to)))
    }
  }
}

/** Four keys from `j` on. */
@inline
function peak(weights: usize, row: u32, j: u32, T: u32, window: u32, before: v128): v128 {
  let most = before
  const nearest = i32x4.add(i32x4.splat(j + window), i32x4(0, 1, 2, 3))
  for (let k = j + window; k < T; k++) {
    const seen = v128.load(weights + 4 * <usize>((row + k) * T + j))
    most = f32x4.pmax(most, v128.and(seen, i32x4.le_s(nearest, i32x4.splat(k))))
  }
  return most
}
