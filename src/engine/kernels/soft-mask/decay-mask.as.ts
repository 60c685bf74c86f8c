/** Twin of decay-mask.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row. */
import { at, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { GONE } from './alpha-sigmoid.as'
import { logSigmoid } from './log-sigmoid.as'

@unmanaged
class Layer {
  T: u32
  layer: u32
}

const KEYS: u32 = 16
/** Bytes of a float each for all keys of a task; in scratch how fast keys fade, then sums of what is left. */
const LINE: usize = 64

export function decayMask(d: Dispatch): void {
  const layer = struct<Layer>(d, 5)
  const T = layer.T
  const tasks = ((T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) {
    const sequence = task % d.y
    const first = (task / d.y) * KEYS
    walk(d, layer, sequence, first, min(KEYS, T - first))
  }
}

/** `log sigmoid` of four scores from row `row` on. */
export function decaysOf(scores: usize, row: u32, bias: f32): v128 {
  const from = scores + 16 * <usize>row
  let x = f32x4.splat(load<f32>(from))
  x = f32x4.replace_lane(x, 1, load<f32>(from, 16))
  x = f32x4.replace_lane(x, 2, load<f32>(from, 32))
  x = f32x4.replace_lane(x, 3, load<f32>(from, 48))
  return logSigmoid(f32x4.add(x, f32x4.splat(bias)))
}

function walk(d: Dispatch, layer: Layer, sequence: u32, first: u32, keys: u32): void {
  const T = layer.T
  const row = sequence * T
  const bias = load<f32>(at(d, 1) + 4 * layer.layer) + load<f32>(at(d, 2) + 4 * sequence)
  for (let j: u32 = 0; j < keys; j += 4) {
    v128.store(scratch() + 4 * j, decaysOf(at(d, 0), row + first + j, bias))
    v128.store(scratch() + LINE + 4 * j, f32x4.splat(0))
  }
  const gone = f32x4.splat(GONE)
  const none = i32x4.splat(0)
  for (let k = first; k < T; k++) {
    for (let j: u32 = 0; j < keys && first + j <= k; j += 4) {
      const ages = i32x4.sub(i32x4.splat(k - first - j), i32x4(0, 1, 2, 3))
      const age = f32x4.convert_i32x4_s(i32x4.max_s(ages, none))
      const mask = f32x4.pmax(f32x4.mul(age, v128.load(scratch() + 4 * j)), gone)
      v128.store(at(d, 3) + 4 * <usize>((row + k) * T + first + j), mask)
      if (k + 2 > T) continue
      const kept = scratch() + LINE + 4 * j
      const left = v128.and(expDown4(mask, -87.3), i32x4.gt_s(ages, none))
      v128.store(kept, f32x4.add(v128.load(kept), left))
    }
  }
  memory.copy(at(d, 4) + 4 * <usize>(row + first), scratch() + LINE, 4 * keys)
}
