/**
 * Twin of attention.wgsl over the key-value cache: the queries of a chunk, cut into tiles, attend to their
 * slot's rows, the chunk's own among them. Joined are which rows are visited (all of the slot, or those of
 * live-list-cache.as.ts) and how the pools (rows, A) are stored. qkv (rows, 3 A) gives the queries; out
 * (rows, A). A task is a tile of one head.
 */
import { finishTile, headOf, showBlock, startTile, tileOf } from '../attention/attention-tile.as'
import { clearZeros, KEYS, packBlock, putKey } from '../attention/block.as'
import { headBytes, headDims, Narrow, Wide } from '../attention/head-width.as'
import { Cache, deathOf, NEVER, PAGE, positionAt, positionOf, rowAt, Span, spanAt, word } from '../cache/cache.as'
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { listStart } from './live-list-cache-layout.as'

@unmanaged
class Constants {
  body: u32
  rows: u32
  mask: u32 // 0 deaths, 1 masks
  dtype: u32
  width: u32 // 0: 64, 1: 128
  /** Queries of a tile. */
  WORKGROUP: u32
  DENSE: u32
}

export function attendChunk(d: Dispatch): void {
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
  const cache = struct<Cache>(d, 8)
  const span = spanAt(at(d, 5), index)
  const count = min(k.WORKGROUP, span.count - span.first)
  const width = <usize>d.y * headBytes<W>()
  const row = <usize>(span.row + span.first)
  startTile<W>(at(d, 0) + 3 * row * width + <usize>head * headBytes<W>(), 3 * width, count, cache.scale)
  if (k.rows !== 0) {
    const list = at(d, 7) + 4 * <usize>listStart(cache, index)
    showRows<W>(d, span, head, word(list, 0), count, list + 8, word(list, 1))
  } else {
    const own = cache.scattered !== 0 ? span.count : span.first + count
    const rows = word(at(d, 3), span.slot) + own
    const position = positionOf(at(d, 7), <u32>row)
    if (k.mask !== 0) showMasked<W>(d, span, head, position, count, rows)
    else showRows<W>(d, span, head, position, count, 0, rows)
  }
  finishTile<W>(at(d, 6) + row * width + <usize>head * headBytes<W>(), width, count)
}

/**
 * Shows `rows` rows of the slot, or of `list`, to queries from `position` on; those that none of them sees
 * are left out.
 */
function showRows<W>(
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
  const from = <usize>(head * headDims<W>()) * bytes
  const step = <usize>(d.y * headDims<W>()) * bytes
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
      showBlock<W>(packBlock<W>(held, halves), count, position, 0, 0)
      held = 0
    }
  }
  if (held > 0) showBlock<W>(packBlock<W>(held, halves), count, position, 0, 0)
}

/** Shows `rows` rows of the slot with what is left of them, whether or not a query sees them. */
function showMasked<W>(d: Dispatch, span: Span, head: u32, position: u32, count: u32, rows: u32): void {
  const cache = struct<Cache>(d, 8)
  const state = at(d, 3)
  const halves = constants<Constants>(d).dtype !== 0
  const bytes: usize = halves ? 2 : 4
  const from = <usize>(head * headDims<W>()) * bytes
  const size = <usize>(d.y * headDims<W>()) * bytes
  const step = 4 * <usize>(cache.maxPages * PAGE)
  const masks = at(d, 4) + step * <usize>(span.row + span.first)
  for (let first: u32 = 0; first < rows; first += KEYS) {
    const held = min(KEYS, rows - first)
    for (let i: u32 = 0; i < held; i++) {
      const row = rowAt(state, cache, span.slot, first + i)
      const offset = from + <usize>row * size
      putKey(i, at(d, 1) + offset, at(d, 2) + offset, positionAt(state, cache, row), NEVER)
    }
    showBlock<W>(packBlock<W>(held, halves), count, position, masks + 4 * <usize>first, step)
  }
}
