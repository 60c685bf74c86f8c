/**
 * Twin of selective-mask-backward.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row, which
 * walk the queries downward, four in a vector, to their block of 64 rows: products read whole ones.
 */
import { at, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { loadLanes, storeLanes } from './lanes.as'

@unmanaged
class Layer {
  T: u32
  w: f32
}

const KEYS: u32 = 16

export function selectiveMaskBackward(d: Dispatch): void {
  const layer = struct<Layer>(d, 4)
  const T = layer.T
  const tasks = ((T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) walk(d, layer, (task % d.y) * T, (task / d.y) * KEYS)
}

/** In scratch: sums of H of each key over the queries so far. */
function walk(d: Dispatch, layer: Layer, row: u32, first: u32): void {
  const T = layer.T
  const keys = min(KEYS, T - first)
  memory.fill(scratch(), 0, 4 * KEYS)
  for (let k = <i32>T - 1; k >= <i32>((first / 64) * 64); k--) {
    const w: f32 = <u32>k + 2 <= T ? layer.w : 0
    for (let j: u32 = 0; j < keys; j += 4) {
      const offset: usize = 4 * ((row + k) * T + first + j)
      step(d, k, first + j, min<u32>(4, keys - j), w, scratch() + 4 * j, offset)
    }
  }
}

/** Query `k` and four keys from `j` on, `count` of which there are; `state`: their sums. */
function step(d: Dispatch, k: u32, j: u32, count: u32, w: f32, state: usize, offset: usize): void {
  const lanes = i32x4(0, 1, 2, 3)
  const earlier = i32x4.gt_s(i32x4.splat(k), i32x4.add(i32x4.splat(j), lanes))
  let gradient = f32x4.splat(0)
  if (k > j) {
    // Beside the diagonal lies nothing of use, not even a number.
    const sum = v128.load(state)
    gradient = v128.and(f32x4.mul(sum, loadLanes(at(d, 1) + offset, count)), earlier)
    const left = f32x4.gt(loadLanes(at(d, 0) + offset, count), f32x4.splat(-1))
    const more = f32x4.add(loadLanes(at(d, 2) + offset, count), v128.and(f32x4.splat(w), left))
    v128.store(state, f32x4.add(sum, v128.and(more, earlier)))
  }
  storeLanes(at(d, 3) + offset, gradient, i32x4.lt_u(lanes, i32x4.splat(count)))
}
