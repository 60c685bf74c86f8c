/**
 * Twin of evict-by-lag.wgsl: how much a key and its value stand out from the partition behind theirs, summed over heads (LagKV).
 * All keys of the two partitions are alive, as none of them could be evicted yet.
 */
import { headBytes } from '../attention/head-width.as'
import { exp1, madd, sumLanes } from '../common/simd.as'
import { fourOf, keyRow, Sequence, valueRow } from './evict-sequence.as'

/**
 * Adds to the importance of the keys of the partition that begins at position `earlier`, which is number `number` of the keys
 * alive; `later` follows it. Partitions have `count` positions.
 */
export function weighByLag<W>(s: Sequence, earlier: u32, number: u32, count: u32): void {
  for (let head: usize = 0; head < s.heads; head++) {
    addShares<W>(s, earlier, number, count, headBytes<W>() * head, false)
    addShares<W>(s, earlier, number, count, headBytes<W>() * head, true)
  }
}

/** importance += softmax over the partition of one head's spreads, of keys or of values. */
function addShares<W>(s: Sequence, earlier: u32, number: u32, count: u32, head: usize, values: bool): void {
  // Behind what queries weigh: low, one over the range where there is one else 0, and the spread of each key.
  const low = s.weights + s.stride * s.heads
  const spreads = low + 2 * headBytes<W>()
  const counted = measureLater<W>(s, earlier + count, count, head, values, low)
  let top: f32 = -Infinity
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt<W>(s, earlier + i, values)
    const spread = spreadOf<W>(s, row, head, low, counted)
    store<f32>(spreads + 4 * <usize>i, spread)
    top = max(top, spread)
  }
  let mass: f32 = 0
  for (let i: usize = 0; i < count; i++) {
    const weight = exp1(load<f32>(spreads + 4 * i) - top)
    store<f32>(spreads + 4 * i, weight)
    mass += weight
  }
  for (let i: usize = 0; i < count; i++) {
    const importance = s.importances + 4 * (number + i)
    store<f32>(importance, load<f32>(importance) + load<f32>(spreads + 4 * i) / mass)
  }
}

@inline
function rowAt<W>(s: Sequence, p: u32, values: bool): usize {
  return values ? valueRow<W>(s, p) : keyRow<W>(s, p)
}

/** Range of each dimension over the later partition: low at `to`, high - low behind it; gives in how many there is one. */
function measureLater<W>(s: Sequence, later: u32, count: u32, head: usize, values: bool, to: usize): f32 {
  let ranges = f32x4.splat(0)
  for (let c: usize = 0; c < headBytes<W>(); c += 16) {
    let low = f32x4.splat(Infinity)
    let high = f32x4.splat(-Infinity)
    for (let i: u32 = 0; i < count; i++) {
      const four = fourOf(s, rowAt<W>(s, later + i, values), head + c)
      low = f32x4.pmin(low, four)
      high = f32x4.pmax(high, four)
    }
    v128.store(to + c, low)
    v128.store(to + headBytes<W>() + c, f32x4.sub(high, low))
    ranges = f32x4.add(ranges, v128.and(f32x4.gt(high, low), f32x4.splat(1)))
  }
  return sumLanes(ranges)
}

/** Standard deviation of a row over the dimensions that have a range, each measured by it. */
function spreadOf<W>(s: Sequence, row: usize, head: usize, low: usize, counted: f32): f32 {
  let sums = f32x4.splat(0)
  for (let c: usize = 0; c < headBytes<W>(); c += 16) sums = f32x4.add(sums, placeOf<W>(s, row, head, low, c))
  const mean = f32x4.splat(sumLanes(sums) / max<f32>(counted, 1))
  let squares = f32x4.splat(0)
  for (let c: usize = 0; c < headBytes<W>(); c += 16) {
    const off = f32x4.sub(placeOf<W>(s, row, head, low, c), mean)
    const has = f32x4.gt(v128.load(low + headBytes<W>() + c), f32x4.splat(0))
    squares = madd(v128.and(off, has), v128.and(off, has), squares)
  }
  return Mathf.sqrt(sumLanes(squares) / max<f32>(counted - 1, 1))
}

/** Four dimensions of a row between low (0) and high (1) of the later partition; 0 where they have no range. */
@inline
function placeOf<W>(s: Sequence, row: usize, head: usize, low: usize, c: usize): v128 {
  const range = v128.load(low + headBytes<W>() + c)
  const place = f32x4.div(f32x4.sub(fourOf(s, row, head + c), v128.load(low + c)), range)
  return v128.and(place, f32x4.gt(range, f32x4.splat(0)))
}
