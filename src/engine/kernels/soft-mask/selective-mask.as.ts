/**
 * Twin of selective-mask.wgsl: what selective attention leaves of each key for each later query, and when keys die.
 *   mask[k,j] = -F[k,j], GONE from t_j on;  t_j = min { k > j : F[k,j] >= threshold, k <= frozenFrom }, NEVER if none
 * A task is a tile of keys (a multiple of 4); four neighbouring keys go past the queries together, a lane each, as their masks
 * for one query are neighbours too. A branch walks only its own queries, from what its trunk has left.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { Layer, maskStride, NEVER, rowOf, Segment, segmentAt, tileAt } from '../drops/batch.as'
import { dropDots } from '../drops/drop-score.as'
import { areAlive, beginSelection, foundBy, leftBy, selected, selectedDeaths } from '../drops/selection.as'

@unmanaged
class Constants {
  WORKGROUP: u32
}

export function selectiveMask(d: Dispatch): void {
  const k = constants<Constants>(d)
  const layer = struct<Layer>(d, 6)
  for (let i = take(d); i < d.x; i = take(d)) {
    const tile = tileAt(at(d, 2), i)
    const s = segmentAt(at(d, 1), tile.segment)
    const end = min(tile.first + k.WORKGROUP, s.parentLength + s.length)
    for (let j = tile.first; j < end; j += 4) maskKeys(d, s, j, layer)
  }
}

/** A threshold that nothing reaches. */
const FROZEN: f32 = 1e30

/** In scratch: F and death times that four keys begin with, then those they end with. */
const SUMS: usize = 0
const DEATHS: usize = 16

/** Keys `j` to `j + 3`; those past the end of the sequence are seen by nobody. */
function maskKeys(d: Dispatch, s: Segment, j: u32, layer: Layer): void {
  const bytes: usize = 16 * <usize>layer.r4
  const scale = f32x4.splat(layer.scale)
  const total = s.parentLength + s.length
  const last = total - 1
  const key0 = keyOf(d, s, j, bytes)
  const key1 = keyOf(d, s, min(j + 1, last), bytes)
  const key2 = keyOf(d, s, min(j + 2, last), bytes)
  const key3 = keyOf(d, s, min(j + 3, last), bytes)
  const keys = i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3))
  begin(d, s, j, layer)
  beginSelection(v128.load(scratch(), SUMS), v128.load(scratch(), DEATHS))
  const stride: usize = 4 * <usize>maskStride(s)
  const first = max(j, s.parentLength)
  let to = at(d, 3) + 4 * <usize>s.pair + <usize>(first - s.parentLength) * stride + 4 * <usize>j
  for (let k = first; k < total; k++, to += stride) {
    const earlier = i32x4.gt_u(i32x4.splat(k), keys)
    // The first frozen query still finds gone what those before it selected.
    v128.store(to, foundBy(k, keys, earlier, k > s.frozenFrom ? FROZEN : layer.betaShift))
    if (!v128.any_true(areAlive())) continue
    const query = at(d, 0) + 2 * <usize>rowOf(s, k) * bytes
    leftBy(f32x4.mul(dropDots(query, key0, key1, key2, key3, bytes), scale), keys, earlier)
  }
  v128.store(scratch(), selected, SUMS)
  v128.store(scratch(), selectedDeaths, DEATHS)
  const count: usize = 4 * <usize>min<u32>(4, total - j)
  const own = 4 * <usize>(s.key + j)
  memory.copy(at(d, 5) + own, scratch() + SUMS, count)
  memory.copy(at(d, 4) + 4 * <usize>(layer.layer * layer.keys) + own, scratch() + DEATHS, count)
}

@inline
function keyOf(d: Dispatch, s: Segment, j: u32, bytes: usize): usize {
  return at(d, 0) + (2 * <usize>rowOf(s, j) + 1) * bytes
}

/** What the trunk has left of these keys, where it has them. */
function begin(d: Dispatch, s: Segment, j: u32, layer: Layer): void {
  for (let i: u32 = 0; i < 4; i++) {
    const to = scratch() + 4 * <usize>i
    store<f32>(to, 0, SUMS)
    store<u32>(to, NEVER, DEATHS)
    if (j + i >= s.parentLength) continue
    const from = 4 * <usize>(s.parentKey + j + i)
    store<f32>(to, load<f32>(at(d, 5) + from), SUMS)
    store<u32>(to, load<u32>(at(d, 4) + 4 * <usize>(layer.layer * layer.keys) + from), DEATHS)
  }
}
