/**
 * Twin of soft-mask.wgsl: what a soft rule leaves of each key for each later query, the log of a cumulative
 * product (docs/method.md, Log-mask).
 *   x[k,j] = dot(Qi[k], Ki[j]) / sqrt(r) + beta + shift
 *   mask[k,j] = sum over m = j+1+GRACE..k of log asig(x[m,j]);  0 at k = j, GONE once a factor is 0
 * Sequences stand alone. A task is a tile of keys (a multiple of 4); four neighbouring keys go past the
 * queries together, a lane each, as their masks for one query are neighbours too.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { Layer, maskStride, Segment, segmentAt, tileAt } from '../drops/batch.as'
import { dropDots, dropScale, dropScores } from '../drops/drop-score.as'
import { GONE } from './alpha-sigmoid.as'
import { factorLogP, makeTable, tableSigmoid } from './alpha-sigmoid-table.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  PROPAGATE: u32
  GRACE: u32
}

export function softMask(d: Dispatch): void {
  const k = constants<Constants>(d)
  const layer = struct<Layer>(d, 5)
  const propagate = k.PROPAGATE !== 0 && layer.layer > 0
  let i = take(d)
  if (i < d.x) makeTable(scratch(), layer.alpha)
  for (; i < d.x; i = take(d)) {
    const tile = tileAt(at(d, 2), i)
    const s = segmentAt(at(d, 1), tile.segment)
    const end = min(tile.first + k.WORKGROUP, s.length)
    for (let j = tile.first; j < end; j += 4) maskKeys(d, s, j, k.GRACE, layer, propagate)
  }
}

/** Keys `j` to `j + 3`; those past the end of the sequence are seen by nobody. */
function maskKeys(d: Dispatch, s: Segment, j: u32, grace: u32, layer: Layer, propagate: bool): void {
  const bytes: usize = 16 * <usize>layer.r4
  const scale = dropScale(layer.r4)
  const stride: usize = 4 * <usize>maskStride(s)
  const rows = at(d, 0) + 2 * <usize>s.row * bytes
  const last = s.length - 1
  const key0 = rows + (2 * <usize>j + 1) * bytes
  const key1 = rows + (2 * <usize>min(j + 1, last) + 1) * bytes
  const key2 = rows + (2 * <usize>min(j + 2, last) + 1) * bytes
  const key3 = rows + (2 * <usize>min(j + 3, last) + 1) * bytes
  const keys = i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3))
  const gone = f32x4.splat(GONE)
  let to = at(d, 3) + 4 * <usize>s.pair + <usize>j * stride + 4 * <usize>j
  v128.store(to, i32x4.splat(0))
  let own = f32x4.splat(0)
  let kept = f32x4.splat(0)
  for (let k = j + 1; k < s.length; k++) {
    to += stride
    const later = i32x4.gt_u(i32x4.splat(k), keys)
    const decides = i32x4.gt_s(i32x4.splat(k - grace), keys)
    const live = v128.and(decides, f32x4.gt(own, gone))
    if (v128.any_true(live)) {
      const dots = dropDots(rows + 2 * <usize>k * bytes, key0, key1, key2, key3, bytes)
      tableSigmoid(dropScores(dots, scale, layer.betaShift), live)
      // What is gone stays so: sums below GONE are cut off there. The sum comes first in pmax: it is what
      // stays of a NaN.
      own = v128.bitselect(f32x4.pmax(f32x4.add(own, factorLogP), gone), own, live)
    }
    let mask = own
    if (propagate) mask = v128.and(f32x4.max(gone, f32x4.add(own, v128.load(to))), later)
    v128.store(to, mask)
    const left = v128.and(expDown4(mask, -87.3), later)
    kept = f32x4.add(kept, left)
  }
  const keeps = at(d, 4) + 4 * <usize>(layer.layer * layer.keys + s.key)
  store<f32>(keeps + 4 * <usize>j, f32x4.extract_lane(kept, 0))
  if (j + 1 < s.length) store<f32>(keeps + 4 * <usize>j, f32x4.extract_lane(kept, 1), 4)
  if (j + 2 < s.length) store<f32>(keeps + 4 * <usize>j, f32x4.extract_lane(kept, 2), 8)
  if (j + 3 < s.length) store<f32>(keeps + 4 * <usize>j, f32x4.extract_lane(kept, 3), 12)
}
