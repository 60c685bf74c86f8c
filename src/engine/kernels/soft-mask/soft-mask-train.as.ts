/**
 * Twin of soft-mask-train.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row, which walk
 * the queries upward, four in a vector.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { madd } from '../common/simd.as'
import { GONE } from './alpha-sigmoid.as'
import { factorLogP, factorRho, makeTable, TABLE_BYTES, tableSigmoid } from './alpha-sigmoid-table.as'
import { storeLanes } from './lanes.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  GRACE: u32
}

@unmanaged
class Layer {
  T: u32
  r4: u32
  layer: u32
  alpha: f32
}

const KEYS: u32 = 16
/** Bytes of a float each for all keys of a task. */
const LINE: usize = 64

/**
 * In scratch: log-masks and sums of the keys so far, scores of the query at hand, the table of the alpha-sigmoid, then the
 * keys, transposed (r, KEYS).
 */
const OWN: usize = 0
const KEPT: usize = LINE
const SCORES: usize = 2 * LINE
const FACTORS: usize = 3 * LINE
const TRANSPOSED: usize = FACTORS + TABLE_BYTES

export function softMaskTrain(d: Dispatch): void {
  const layer = struct<Layer>(d, 6)
  const tasks = ((layer.T + KEYS - 1) / KEYS) * d.y
  let task = take(d)
  if (task < tasks) makeTable(scratch() + FACTORS, layer.alpha)
  // Early keys, which the most queries follow, come first.
  for (; task < tasks; task = take(d)) {
    walk(d, layer, task % d.y, (task / d.y) * KEYS)
  }
}

function walk(d: Dispatch, layer: Layer, sequence: u32, first: u32): void {
  const T = layer.T
  const row = sequence * T
  const r4 = layer.r4
  const width: usize = 32 * r4
  const scores = at(d, 0) + row * width
  const betaShift = load<f32>(at(d, 1) + 4 * layer.layer) + load<f32>(at(d, 2) + 4 * sequence)
  const keys = min(KEYS, T - first)
  const grace = constants<Constants>(d).GRACE
  transpose(scores + first * width + width / 2, width, keys, 4 * r4)
  memory.fill(scratch() + OWN, 0, 2 * LINE)
  for (let j = first; j < first + keys; j++) store<f32>(at(d, 3) + 4 * ((row + j) * T + j), 0)
  for (let k = first + 1; k < T; k++) {
    if (anyLeft()) score(scores + k * width, r4, betaShift)
    const end = min(keys, k - first)
    for (let j: u32 = 0; j < end; j += 4) {
      const offset: usize = 4 * ((row + k) * T + first + j)
      step(k, grace, first + j, k + 2 <= T, scratch() + 4 * j, at(d, 3) + offset, at(d, 4) + offset)
    }
  }
  memory.copy(at(d, 5) + 4 * (row + first), scratch() + KEPT, 4 * keys)
}

/** Keys (keys, r) to (r, KEYS), 0 for those that the sequence does not have. */
function transpose(from: usize, stride: usize, keys: u32, r: u32): void {
  const to = scratch() + TRANSPOSED
  if (keys < KEYS) memory.fill(to, 0, r * LINE)
  for (let j: u32 = 0; j < keys; j++) {
    for (let c: u32 = 0; c < r; c++) store<f32>(to + c * LINE + 4 * j, load<f32>(from + j * stride + 4 * c))
  }
}

/** Whether a key of this task is not gone yet. */
function anyLeft(): bool {
  const own = scratch() + OWN
  const gone = f32x4.splat(GONE)
  const low = v128.or(f32x4.gt(v128.load(own), gone), f32x4.gt(v128.load(own, 16), gone))
  const high = v128.or(f32x4.gt(v128.load(own, 32), gone), f32x4.gt(v128.load(own, 48), gone))
  return v128.any_true(v128.or(low, high))
}

/**
 * x of one query and all keys. Products are added up in fours, then the fours, as shaders do: where p is near 0 the mask
 * tells what rounding did to x.
 */
function score(query: usize, r4: u32, betaShift: f32): void {
  let x0 = f32x4.splat(0)
  let x1 = x0
  let x2 = x0
  let x3 = x0
  let key = scratch() + TRANSPOSED
  const end = key + 4 * r4 * LINE
  for (; key < end; query += 16) {
    let a0 = f32x4.splat(0)
    let a1 = a0
    let a2 = a0
    let a3 = a0
    for (let c: usize = 0; c < 16; c += 4, key += LINE) {
      const q = v128.load32_splat(query + c)
      a0 = madd(q, v128.load(key), a0)
      a1 = madd(q, v128.load(key, 16), a1)
      a2 = madd(q, v128.load(key, 32), a2)
      a3 = madd(q, v128.load(key, 48), a3)
    }
    x0 = f32x4.add(x0, a0)
    x1 = f32x4.add(x1, a1)
    x2 = f32x4.add(x2, a2)
    x3 = f32x4.add(x3, a3)
  }
  const r: u32 = 4 * r4
  const scale = f32x4.splat(1 / Mathf.sqrt(<f32>r))
  const shift = f32x4.splat(betaShift)
  const to = scratch() + SCORES
  v128.store(to, madd(x0, scale, shift))
  v128.store(to, madd(x1, scale, shift), 16)
  v128.store(to, madd(x2, scale, shift), 32)
  v128.store(to, madd(x3, scale, shift), 48)
}

/**
 * Four keys from `j` on meet query `k`, which leaves those as they are that have their grace. `state` has their part of
 * scratch, `mask` and `slope` say where the results go, `counts` whether the pair learns.
 */
function step(k: u32, grace: u32, j: u32, counts: bool, state: usize, mask: usize, slope: usize): void {
  const keys = i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3))
  const earlier = i32x4.gt_s(i32x4.splat(k), keys)
  const gone = f32x4.splat(GONE)
  let own = v128.load(state, OWN)
  let rho = f32x4.splat(0)
  const there = v128.and(earlier, f32x4.gt(own, gone))
  if (v128.any_true(there)) {
    const live = v128.and(there, i32x4.gt_s(i32x4.splat(k - grace), keys))
    if (v128.any_true(live)) {
      tableSigmoid(v128.load(state, SCORES), live)
      // The sum comes first in pmax: it is what stays of a NaN.
      own = v128.bitselect(f32x4.pmax(f32x4.add(own, factorLogP), gone), own, live)
      rho = v128.and(factorRho, v128.andnot(live, f32x4.le(own, gone)))
      v128.store(state, own, OWN)
    }
    if (counts) {
      const left = v128.and(expDown4(own, -87.3), earlier)
      v128.store(state, f32x4.add(v128.load(state, KEPT), left), KEPT)
    }
  }
  storeLanes(mask, own, earlier)
  storeLanes(slope, rho, earlier)
}
