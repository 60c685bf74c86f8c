/** Twin of decay-mask-backward.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row. */
import { at, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { exp4, madd } from '../common/simd.as'
import { decaysOf } from './decay-mask.as'

@unmanaged
class Layer {
  T: u32
  layer: u32
  w: f32
}

const KEYS: u32 = 16

export function decayMaskBackward(d: Dispatch): void {
  const layer = struct<Layer>(d, 7)
  const T = layer.T
  const tasks = ((T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) {
    const sequence = task % d.y
    const first = (task / d.y) * KEYS
    const keys = min(KEYS, T - first)
    walk(d, layer, sequence * T, first, keys)
    finish(d, layer, sequence, first, keys)
  }
}

/** Sums over queries, from the last one down, into scratch. */
function walk(d: Dispatch, layer: Layer, row: u32, first: u32, keys: u32): void {
  const T = layer.T
  memory.fill(scratch(), 0, 4 * KEYS)
  for (let k = T - 1; k > first; k--) {
    const w = f32x4.splat(k + 2 <= T ? layer.w : 0)
    for (let j: u32 = 0; j < keys && first + j < k; j += 4) {
      const offset: usize = 4 * ((row + k) * T + first + j)
      const ages = i32x4.sub(i32x4.splat(k - first - j), i32x4(0, 1, 2, 3))
      const earlier = i32x4.gt_s(ages, i32x4.splat(0))
      const pair = madd(w, expDown4(v128.load(at(d, 3) + offset), -87.3), v128.load(at(d, 4) + offset))
      const sum = v128.load(scratch() + 4 * j)
      // Beside the diagonal lies nothing of use, not even a number.
      const more = v128.and(pair, earlier)
      v128.store(scratch() + 4 * j, madd(f32x4.convert_i32x4_s(ages), more, sum))
    }
  }
}

function finish(d: Dispatch, layer: Layer, sequence: u32, first: u32, keys: u32): void {
  const row = sequence * layer.T + first
  const bias = load<f32>(at(d, 1) + 4 * layer.layer) + load<f32>(at(d, 2) + 4 * sequence)
  for (let j: u32 = 0; j < keys; j += 4) {
    const decays = decaysOf(at(d, 0), row + j, bias)
    for (let i: u32 = 0; i < 4; i++) {
      const x = load<f32>(at(d, 0) + 16 * <usize>(row + j + i)) + bias
      store<f32>(scratch() + 64 + 4 * i, x)
    }
    const rest = exp4(f32x4.sub(decays, v128.load(scratch() + 64)))
    const gradients = f32x4.mul(rest, v128.load(scratch() + 4 * j))
    v128.store(at(d, 6) + 4 * <usize>(row + j), gradients)
    for (let i: u32 = 0; i < 4; i++) {
      const to = at(d, 5) + 16 * <usize>(row + j + i)
      v128.store(to, f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(at(d, 6) + 4 * <usize>(row + j + i))))
    }
  }
}
