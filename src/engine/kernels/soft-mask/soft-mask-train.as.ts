/**
 * Twin of soft-mask-train.wgsl. A task is 16 neighbouring keys of a sequence, a cache line of each query's row, which walk
 * the queries upward: four queries are scored at a time, then each vector of four keys takes its steps.
 */
import { expDown4 } from '../common/exp-down.as'
import { at, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { alphaSigmoid, alphaSigmoidRho, asigLogP, asigP, asigQ, GONE } from './alpha-sigmoid.as'
import { storeLanes } from './lanes.as'

@unmanaged
class Layer {
  T: u32
  r4: u32
  layer: u32
  alpha: f32
}

const KEYS: u32 = 16
const QUERIES: u32 = 4
/** Bytes of a float each for all keys of a task. */
const LINE: usize = 64

/** In scratch: log-masks and sums of the keys so far, scores of the queries at hand, then the keys, transposed (r, KEYS). */
const OWN: usize = 0
const KEPT: usize = LINE
const SCORES: usize = 2 * LINE
const TRANSPOSED: usize = SCORES + QUERIES * LINE

export function softMaskTrain(d: Dispatch): void {
  const layer = struct<Layer>(d, 6)
  const tasks = ((layer.T + KEYS - 1) / KEYS) * d.y
  // Early keys, which the most queries follow, come first.
  for (let task = take(d); task < tasks; task = take(d)) {
    walk(d, layer, task % d.y, (task / d.y) * KEYS)
  }
}

function walk(d: Dispatch, layer: Layer, sequence: u32, first: u32): void {
  const T = layer.T
  const row = sequence * T
  const width: usize = 32 * layer.r4
  const scores = at(d, 0) + row * width
  const offset = load<f32>(at(d, 1) + 4 * layer.layer) + load<f32>(at(d, 2) + 4 * sequence)
  const keys = min(KEYS, T - first)
  transpose(scores + first * width + width / 2, width, keys, 4 * layer.r4)
  memory.fill(scratch() + OWN, 0, 2 * LINE)
  for (let j = first; j < first + keys; j++) store<f32>(at(d, 3) + 4 * ((row + j) * T + j), 0)
  for (let k = first + 1; k < T; k += QUERIES) {
    if (anyLeft()) scoreQueries(scores, width, k, T - 1, offset)
    const end = min(T, k + QUERIES)
    for (let j: u32 = 0; j < keys; j += 4) {
      for (let query = max(k, first + j + 1); query < end; query++) {
        const place: usize = 4 * ((row + query) * T + first + j)
        const x = v128.load(scratch() + SCORES + (query - k) * LINE + 4 * j)
        step(x, query, first + j, query + 2 <= T, layer.alpha, scratch() + 4 * j, at(d, 3) + place, at(d, 4) + place)
      }
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

/** x of four queries from `k` on and all keys; queries beyond the last are the last one again. */
function scoreQueries(scores: usize, width: usize, k: u32, last: u32, offset: f32): void {
  const q0 = scores + k * width
  const q1 = scores + min(k + 1, last) * width
  const q2 = scores + min(k + 2, last) * width
  const q3 = scores + min(k + 3, last) * width
  scoreKeys(0, q0, q1, q2, q3, width / 2, offset)
  scoreKeys(32, q0, q1, q2, q3, width / 2, offset)
}

/** As many as registers hold: the eight keys `half` bytes from the first. */
function scoreKeys(half: usize, q0: usize, q1: usize, q2: usize, q3: usize, bytes: usize, offset: f32): void {
  let a0 = f32x4.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  let key = scratch() + TRANSPOSED + half
  for (let c: usize = 0; c < bytes; c += 4, key += LINE) {
    const low = v128.load(key)
    const high = v128.load(key, 16)
    const a = v128.load32_splat(q0 + c)
    a0 = madd(a, low, a0)
    a1 = madd(a, high, a1)
    const b = v128.load32_splat(q1 + c)
    b0 = madd(b, low, b0)
    b1 = madd(b, high, b1)
    const e = v128.load32_splat(q2 + c)
    c0 = madd(e, low, c0)
    c1 = madd(e, high, c1)
    const f = v128.load32_splat(q3 + c)
    d0 = madd(f, low, d0)
    d1 = madd(f, high, d1)
  }
  const r = <f32>(bytes / 4)
  const scale = f32x4.splat(1 / Mathf.sqrt(r))
  const shift = f32x4.splat(offset)
  const to = scratch() + SCORES + half
  v128.store(to, madd(a0, scale, shift))
  v128.store(to, madd(a1, scale, shift), 16)
  v128.store(to, madd(b0, scale, shift), LINE)
  v128.store(to, madd(b1, scale, shift), LINE + 16)
  v128.store(to, madd(c0, scale, shift), 2 * LINE)
  v128.store(to, madd(c1, scale, shift), 2 * LINE + 16)
  v128.store(to, madd(d0, scale, shift), 3 * LINE)
  v128.store(to, madd(d1, scale, shift), 3 * LINE + 16)
}

/** Four keys from `j` on meet query `k`; `state` has what is left of them so far, `counts` says whether the pair learns. */
function step(
  x: v128,
  k: u32,
  j: u32,
  counts: bool,
  alpha: f32,
  state: usize,
  mask: usize,
  slope: usize,
): void {
  const earlier = i32x4.gt_s(i32x4.splat(k), i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3)))
  const gone = f32x4.splat(GONE)
  let own = v128.load(state, OWN)
  let rho = f32x4.splat(0)
  const live = v128.and(earlier, f32x4.gt(own, gone))
  if (v128.any_true(live)) {
    alphaSigmoid(x, alpha)
    // The sum comes first in pmax: it is what stays of a NaN.
    own = v128.bitselect(f32x4.pmax(f32x4.add(own, asigLogP), gone), own, live)
    const flat = v128.or(f32x4.le(asigP, rho), f32x4.le(asigQ, rho))
    if (!i32x4.all_true(flat)) {
      rho = v128.and(alphaSigmoidRho(alpha), v128.andnot(live, f32x4.le(own, gone)))
    }
    v128.store(state, own, OWN)
    if (counts) {
      const left = v128.and(expDown4(own, -87.3), earlier)
      v128.store(state, f32x4.add(v128.load(state, KEPT), left), KEPT)
    }
  }
  storeLanes(mask, own, earlier)
  storeLanes(slope, rho, earlier)
}
