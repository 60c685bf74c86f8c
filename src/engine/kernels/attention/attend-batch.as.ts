/**
 * Twin of attention.wgsl over a packed batch: queries, keys and values lie side by side in qkv (rows, 3 A),
 * heads side by side in each third; out (rows, A). Joined are what is left of keys (death times,
 * or the log-masks of a soft rule) and which are visited (all, or those of live-list.as.ts). A task is a tile
 * of one head.
 */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Layer, maskStride, NEVER, rowOf, Segment, segmentAt, tileAt } from '../drops/batch.as'
import { finishTile, headOf, showBlock, startTile, tileOf } from './attention-tile.as'
import { clearZeros, KEYS, packBlock, putKey } from './block.as'
import { headBytes, Narrow, Wide } from './head-width.as'
import { listStart } from './live-list-layout.as'

@unmanaged
class Constants {
  body: u32
  mask: u32
  keys: u32
  width: u32 // 0: 64, 1: 128
  /** Queries of a tile. */
  WORKGROUP: u32
  QUERY_TILE: u32
}

export function attendBatch(d: Dispatch): void {
  if (constants<Constants>(d).width === 0) attendTiles<Narrow>(d)
  else attendTiles<Wide>(d)
}

function attendTiles<W>(d: Dispatch): void {
  clearZeros()
  const tiles = d.x * d.y
  for (let i = take(d); i < tiles; i = take(d)) attendTile<W>(d, tileOf(d, i), headOf(d, i))
}

function attendTile<W>(d: Dispatch, index: u32, head: u32): void {
  const k = constants<Constants>(d)
  const size = k.WORKGROUP !== 0 ? k.WORKGROUP : k.QUERY_TILE
  const tile = tileAt(at(d, 2), index)
  const s = segmentAt(at(d, 1), tile.segment)
  const count = min(size, s.length - tile.first)
  const width = <usize>d.y * headBytes<W>()
  const row = <usize>(s.row + tile.first)
  const queries = at(d, 0) + 3 * row * width + <usize>head * headBytes<W>()
  startTile<W>(queries, 3 * width, count, struct<Layer>(d, 5).scale)
  const keys = at(d, 0) + width + <usize>head * headBytes<W>()
  if (k.mask !== 0) showMasked<W>(d, s, tile.first, count, keys, width)
  else showLiving<W>(d, s, tile.first, count, head, keys, width)
  finishTile<W>(at(d, 4) + row * width + <usize>head * headBytes<W>(), width, count)
}

/** All keys up to the last query, with masks. */
function showMasked<W>(d: Dispatch, s: Segment, first: u32, count: u32, keys: usize, width: usize): void {
  const position = s.parentLength + first
  const end = position + count
  const step = 4 * <usize>maskStride(s)
  const masks = at(d, 3) + 4 * <usize>s.pair + <usize>first * step
  for (let from: u32 = 0; from < end; from += KEYS) {
    const held = min(KEYS, end - from)
    for (let i: u32 = 0; i < held; i++) {
      const key = keys + 3 * <usize>rowOf(s, from + i) * width
      putKey(i, key, key + width, from + i, NEVER)
    }
    showBlock<W>(packBlock<W>(held, false), count, position, masks + 4 * <usize>from, step)
  }
}

/** The listed keys, or all; those that have died before the first query are left out in any case. */
function showLiving<W>(
  d: Dispatch,
  s: Segment,
  first: u32,
  count: u32,
  head: u32,
  keys: usize,
  width: usize,
): void {
  const k = constants<Constants>(d)
  const layer = struct<Layer>(d, 5)
  const deaths = at(d, 3) + 4 * <usize>(layer.layer * layer.keys + head * layer.headKeys + s.key)
  const position = s.parentLength + first
  const list = k.keys !== 0 ? at(d, 6) + 4 * <usize>(head * layer.headLists + listStart(s, first, k.QUERY_TILE)) : 0
  const end = list !== 0 ? load<u32>(list) : position + count
  let held: u32 = 0
  for (let i: u32 = 0; i < end; i++) {
    const j = list !== 0 ? load<u32>(list + 4 * <usize>i, 4) : i
    const death = load<u32>(deaths + 4 * <usize>j)
    if (death <= position) continue
    const key = keys + 3 * <usize>rowOf(s, j) * width
    putKey(held++, key, key + width, j, death)
    if (held === KEYS) {
      showBlock<W>(packBlock<W>(held, false), count, position, 0, 0)
      held = 0
    }
  }
  if (held > 0) showBlock<W>(packBlock<W>(held, false), count, position, 0, 0)
}
