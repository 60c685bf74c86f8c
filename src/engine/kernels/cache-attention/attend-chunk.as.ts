/**
 * Twin of attention.wgsl over the key-value cache: the queries of a chunk, cut into tiles, attend to their
 * slot's rows, the chunk's own among them. Joined are which rows are visited (all of the slot, or those of
 * live-list-cache.as.ts) and how the pools (rows, C) are stored. qkv (rows, 3 C) gives the queries; out
 * (rows, C). A task is a tile of one head.
 */
import { finishTile, headOf, showBlock, startTile, tileOf } from '../attention/attention-tile.as'
import { clearZeros, HEAD_DIM, KEYS, packBlock, putKey, ROW } from '../attention/block.as'
import { Cache, deathOf, NEVER, positionAt, positionOf, rowAt, Span, spanAt, word } from '../cache/cache.as'
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { listStart } from './live-list-cache-layout.as'

@unmanaged
class Constants {
  body: u32
  rows: u32
  dtype: u32
  /** Queries of a tile. */
  WORKGROUP: u32
  DENSE: u32
}

export function attendChunk(d: Dispatch): void {
  clearZeros()
  const tiles = d.x * d.y
  for (let i = take(d); i < tiles; i = take(d)) attendTile(d, tileOf(d, i), headOf(d, i))
}

function attendTile(d: Dispatch, index: u32, head: u32): void {
  const k = constants<Constants>(d)
  const cache = struct<Cache>(d, 8)
  const span = spanAt(at(d, 5), index)
  const count = min(k.WORKGROUP, span.count - span.first)
  const width = <usize>d.y * ROW
  const row = <usize>(span.row + span.first)
  startTile(at(d, 0) + 3 * row * width + <usize>head * ROW, 3 * width, count, cache.scale)
  if (k.rows !== 0) {
    const list = at(d, 7) + 4 * <usize>listStart(cache, index)
    showRows(d, span, head, word(list, 0), count, list + 8, word(list, 1))
  } else {
    const own = cache.scattered !== 0 ? span.count : span.first + count
    showRows(d, span, head, positionOf(at(d, 7), <u32>row), count, 0, word(at(d, 3), span.slot) + own)
  }
  finishTile(at(d, 6) + row * width + <usize>head * ROW, width, count)
}

/**
 * Shows `rows` rows of the slot, or of `list`, to queries from `position` on; those that none of them sees
 * are left out.
 */
function showRows(
  d: Dispatch,
  span: Span,
  head: u32,
  position: u32,
  count: u32,
  list: usize,
  rows: u32,
): void {
  const k = constants<Constants>(d)
  const cache = struct<Cache>(d, 8)
  const state = at(d, 3)
  const halves = k.dtype !== 0
  const bytes: usize = halves ? 2 : 4
  const from = <usize>(head * HEAD_DIM) * bytes
  const step = <usize>(d.y * HEAD_DIM) * bytes
  const last = position + count - 1
  let held: u32 = 0
  for (let i: u32 = 0; i < rows; i++) {
    const row = list !== 0 ? word(list, i) : rowAt(state, cache, span.slot, i)
    const born = positionAt(state, cache, row)
    if (born > last) continue
    const death = k.DENSE !== 0 ? NEVER : word(at(d, 4), deathOf(cache, span.slot, born))
    if (death <= position) continue
    const offset = from + <usize>row * step
    putKey(held++, at(d, 1) + offset, at(d, 2) + offset, born, death)
    if (held === KEYS) {
      showBlock(packBlock(held, halves), count, position, 0, 0)
      held = 0
    }
  }
  if (held > 0) showBlock(packBlock(held, halves), count, position, 0, 0)
}
