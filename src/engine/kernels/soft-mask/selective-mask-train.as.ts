/**
 * Twin of selective-mask-train.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row, which walk
 * the queries upward, four in a vector.
 */
import { at, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { loadLanes, storeLanes } from './lanes.as'

@unmanaged
class Layer {
  T: u32
}

const KEYS: u32 = 16
/** Bytes of a float each for all keys of a task; in scratch their masks, then what is left of them, over the queries so far. */
const LINE: usize = 64

export function selectiveMaskTrain(d: Dispatch): void {
  const T = struct<Layer>(d, 4).T
  const tasks = ((T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) {
    walk(d, T, (task % d.y) * T, (task / d.y) * KEYS)
  }
}

function walk(d: Dispatch, T: u32, row: u32, first: u32): void {
  const keys = min(KEYS, T - first)
  memory.fill(scratch(), 0, 2 * LINE)
  for (let j = first; j < first + keys; j++) store<f32>(at(d, 1) + 4 * ((row + j) * T + j), 0)
  for (let k = first + 1; k < T; k++) {
    const end = min(keys, k - first)
    for (let j: u32 = 0; j < end; j += 4) {
      const offset: usize = 4 * ((row + k) * T + first + j)
      step(d, k, first + j, min<u32>(4, T - first - j), k + 2 <= T, scratch() + 4 * j, offset)
    }
  }
  memory.copy(at(d, 3) + 4 * (row + first), scratch() + LINE, 4 * keys)
}

/**
 * Four keys from `j` on, `count` of which there are, meet query `k`. `state` has their part of scratch, `offset` says where
 * they lie in the matrices, `counts` whether the pair is learnable.
 */
function step(d: Dispatch, k: u32, j: u32, count: u32, counts: bool, state: usize, offset: usize): void {
  const keys = i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3))
  const earlier = i32x4.gt_s(i32x4.splat(k), keys)
  const zero = f32x4.splat(0)
  const one = f32x4.splat(1)
  const mask = v128.load(state)
  const score = loadLanes(at(d, 0) + offset, count)
  const selects = v128.and(v128.and(f32x4.gt(score, zero), earlier), i32x4.gt_s(keys, i32x4.splat(0)))
  storeLanes(at(d, 1) + offset, mask, earlier)
  storeLanes(at(d, 2) + offset, v128.and(f32x4.neg(one), selects), earlier)
  if (counts) {
    const left = v128.and(f32x4.pmax(zero, f32x4.add(one, mask)), earlier)
    v128.store(state, f32x4.add(v128.load(state, LINE), left), LINE)
  }
  v128.store(state, f32x4.sub(mask, v128.and(score, selects)))
}
