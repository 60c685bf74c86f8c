/**
 * Twin of soft-mask-backward.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row; each vector
 * of four walks the queries downward.
 */
import { expDown4 } from '../common/exp-down.as'
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { loadLanes, storeLanes } from './lanes.as'

@unmanaged
class Layer {
  T: u32
  w: f32
}

const KEYS: u32 = 16

export function softMaskBackward(d: Dispatch): void {
  const layer = struct<Layer>(d, 5)
  const T = layer.T
  const tasks = ((T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) {
    const sequence = task % d.y
    const first = (task / d.y) * KEYS
    const end = min(T, first + KEYS)
    for (let j = first; j < end; j += 4) walk(d, layer, sequence, j)
  }
}

/** Four keys from `j` on. */
function walk(d: Dispatch, layer: Layer, sequence: u32, j: u32): void {
  const T = layer.T
  const count = min<u32>(4, T - j)
  const inRow = i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(count))
  const keys = i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3))
  const w = f32x4.splat(layer.w)
  const zero = f32x4.splat(0)
  let sum = zero
  let beta = zero
  for (let k: i32 = T - 1; k > <i32>j; k--) {
    const place: usize = 4 * ((sequence * T + k) * T + j)
    // Beside the diagonal lies nothing of use, not even a number.
    const earlier = i32x4.lt_s(keys, i32x4.splat(k))
    let more = loadLanes(at(d, 2) + place, count)
    if (<u32>k + 2 <= T) more = madd(w, expDown4(loadLanes(at(d, 0) + place, count), -87.3), more)
    sum = f32x4.add(sum, v128.and(more, earlier))
    const gradient = v128.and(f32x4.mul(sum, loadLanes(at(d, 1) + place, count)), earlier)
    beta = f32x4.add(beta, gradient)
    storeLanes(at(d, 3) + place, gradient, inRow)
  }
  // Down to the diagonal: the loop above has done the rest of the block beside it.
  for (let k = (j / 64) * 64; k <= j; k++) {
    storeLanes(at(d, 3) + 4 * ((sequence * T + k) * T + j), zero, inRow)
  }
  storeLanes(at(d, 4) + 4 * (sequence * T + j), beta, inRow)
}
