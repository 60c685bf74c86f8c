/**
 * Twin of soft-mask-backward.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row. They walk the
 * queries downward together, their sums in registers, until the diagonal cuts through them; from there each vector of four
 * continues on its own.
 */
import { at, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { madd } from '../common/simd.as'
import { loadLanes, storeLanes } from './lanes.as'

@unmanaged
class Layer {
  T: u32
  w: f32
}

const KEYS: u32 = 16
/** Bytes of a float each for all keys of a task; in scratch sums of H, then of gradients, over the queries so far. */
const LINE: usize = 64

export function softMaskBackward(d: Dispatch): void {
  const layer = struct<Layer>(d, 5)
  const T = layer.T
  const tasks = ((T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) {
    const row = (task % d.y) * T
    const first = (task / d.y) * KEYS
    memory.fill(scratch(), 0, 2 * LINE)
    if (first + KEYS < T) walkTogether(d, layer, row, first)
    const end = min(T, first + KEYS)
    for (let j = first; j < end; j += 4) walkOn(d, layer, row, j, end - 1, scratch() + 4 * (j - first))
  }
}

/** H[k,j]: what a query and its keys add. */
@inline
function pairs(total: usize, mask: usize, w: v128): v128 {
  return madd(w, expDown4(v128.load(mask), -87.3), v128.load(total))
}

/** The last query's pairs do not learn. */
@inline
function weightOf(layer: Layer, k: u32): f32 {
  return k + 2 <= layer.T ? layer.w : 0
}

/** From the last query down to where all 16 keys are still earlier ones. */
function walkTogether(d: Dispatch, layer: Layer, row: u32, first: u32): void {
  const T = layer.T
  let offset: usize = 4 * ((row + T - 1) * T + first)
  let s0 = f32x4.splat(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  let b0 = s0
  let b1 = s0
  let b2 = s0
  let b3 = s0
  for (let k = T - 1; k >= first + KEYS; k--, offset -= 4 * T) {
    const mask = at(d, 0) + offset
    const rho = at(d, 1) + offset
    const total = at(d, 2) + offset
    const to = at(d, 3) + offset
    const w = f32x4.splat(weightOf(layer, k))
    s0 = f32x4.add(s0, pairs(total, mask, w))
    s1 = f32x4.add(s1, pairs(total + 16, mask + 16, w))
    s2 = f32x4.add(s2, pairs(total + 32, mask + 32, w))
    s3 = f32x4.add(s3, pairs(total + 48, mask + 48, w))
    const g0 = f32x4.mul(s0, v128.load(rho))
    const g1 = f32x4.mul(s1, v128.load(rho, 16))
    const g2 = f32x4.mul(s2, v128.load(rho, 32))
    const g3 = f32x4.mul(s3, v128.load(rho, 48))
    v128.store(to, g0)
    v128.store(to, g1, 16)
    v128.store(to, g2, 32)
    v128.store(to, g3, 48)
    b0 = f32x4.add(b0, g0)
    b1 = f32x4.add(b1, g1)
    b2 = f32x4.add(b2, g2)
    b3 = f32x4.add(b3, g3)
  }
  const state = scratch()
  v128.store(state, s0)
  v128.store(state, s1, 16)
  v128.store(state, s2, 32)
  v128.store(state, s3, 48)
  v128.store(state, b0, LINE)
  v128.store(state, b1, LINE + 16)
  v128.store(state, b2, LINE + 32)
  v128.store(state, b3, LINE + 48)
}

/** Four keys from `j` on, from query `last` down to their block of 64 rows: products read whole ones. */
function walkOn(d: Dispatch, layer: Layer, row: u32, j: u32, last: u32, state: usize): void {
  const T = layer.T
  const lanes = i32x4(0, 1, 2, 3)
  const keys = i32x4.add(i32x4.splat(j), lanes)
  const count = min<u32>(4, T - j)
  const inRow = i32x4.lt_u(lanes, i32x4.splat(count))
  let sum = v128.load(state)
  let beta = v128.load(state, LINE)
  for (let k = <i32>last; k >= <i32>((j / 64) * 64); k--) {
    const offset: usize = 4 * ((row + k) * T + j)
    let gradient = f32x4.splat(0)
    if (k > <i32>j) {
      // Beside the diagonal lies nothing of use, not even a number.
      const earlier = i32x4.lt_s(keys, i32x4.splat(k))
      const left = expDown4(loadLanes(at(d, 0) + offset, count), -87.3)
      const more = madd(f32x4.splat(weightOf(layer, k)), left, loadLanes(at(d, 2) + offset, count))
      sum = f32x4.add(sum, v128.and(more, earlier))
      gradient = v128.and(f32x4.mul(sum, loadLanes(at(d, 1) + offset, count)), earlier)
      beta = f32x4.add(beta, gradient)
    }
    storeLanes(at(d, 3) + offset, gradient, inRow)
  }
  storeLanes(at(d, 4) + 4 * (row + j), beta, inRow)
}
