/**
 * Packing: sequences and branches of sequences become one list of rows with no padding.
 * Pure planning; the arrays made here are what the kernels of batch.wgsl read.
 */

import type { Values } from './kernels/struct.js'
import { SEGMENT } from './kernels/structs.js'

/** A death time of a key that is never dropped. */
export const NEVER = 0xffffffff

/** Tokens that stand alone, or that continue a trunk: another segment, which itself stands alone. */
export interface Segment {
  tokens: ArrayLike<number>
  /** Index of the trunk among the batch's segments, always an earlier one; null for a segment that stands alone. */
  trunk: number | null
  /**
   * The first query, by its position in the whole sequence, that drops nothing any more: keys that are alive then stay, whatever the rule
   * (docs/method.md, Death times). All may drop when undefined. The same of a trunk and its branches.
   */
  frozenFrom?: number
}

/** A token whose log-probability is wanted: predicted by row `row` of segment `segment`. */
export interface Target {
  segment: number
  row: number
  token: number
}

export interface Batch {
  segments: readonly Segment[]
  /** N: tokens in all. */
  rows: number
  /** (N, 2): token id, position. */
  tokens: Uint32Array
  /** (segments) of SEGMENT. */
  table: Uint32Array
  /** Entries of one layer of death times: each segment's own length plus its trunk's. */
  keys: number
  /** Entries of one layer of log-masks: each segment's rows times its whole length, in rows of whole vec4s. */
  pairs: number
  /** Entries of the lists of live keys: for each tile of queries its count, and every key up to its last query. */
  listed: number
  /** Where each segment's death times start, and how many there are. */
  views: { first: number; length: number }[]
  /** (tiles, 2): segment, first query within the segment. */
  queryTiles: Uint32Array
  /** (tiles, 2): segment, first key, of the segments that stand alone. */
  trunkTiles: Uint32Array
  /** The same of the branches: they take over what their trunks dropped, so they run after them. */
  branchTiles: Uint32Array
  /** M: batch rows whose logits are needed, each once, ascending. */
  scoredRows: Uint32Array
  /** (targets, 2): index into scoredRows, token. */
  targets: Uint32Array
}

export interface TileSizes {
  /** Queries of one segment that one attention workgroup handles. */
  queries: number
  /** Keys of one segment that one drop-times workgroup handles. */
  keys: number
}

/**
 * Lays `segments` out as one batch.
 * Throws RangeError when a segment is empty, its trunk is not a trunk or is frozen elsewhere, or a target lies outside its segment.
 */
export function packBatch(segments: readonly Segment[], targets: readonly Target[], tile: TileSizes): Batch {
  const table: Values<typeof SEGMENT.fields>[] = []
  const views: Batch['views'] = []
  let rows = 0
  let keys = 0
  let pairs = 0
  let listed = 0
  segments.forEach((segment, index) => {
    const trunk = trunkOf(segments, index)
    const length = segment.tokens.length
    if (length === 0) throw new RangeError(`batch: segment ${index} has no tokens`)
    const parentRow = trunk === null ? 0 : table[trunk].row
    const parentLength = trunk === null ? 0 : segments[trunk].tokens.length
    const parentKey = trunk === null ? 0 : views[trunk].first
    table.push({
      row: rows,
      length,
      parentRow,
      parentLength,
      key: keys,
      parentKey,
      pair: pairs,
      list: listed,
      parent: trunk ?? index,
      frozenFrom: segment.frozenFrom ?? NEVER,
    })
    views.push({ first: keys, length: parentLength + length })
    rows += length
    keys += parentLength + length
    pairs += length * 4 * Math.ceil((parentLength + length) / 4)
    listed += listedOf(parentLength, length, tile.queries)
  })
  for (const { segment, row } of targets) {
    if (row >= 0 && row < segments[segment].tokens.length) continue
    throw new RangeError(`batch: segment ${segment} has no row ${row}`)
  }
  const scoredRows = Uint32Array.from(
    new Set(targets.map(({ segment, row }) => table[segment].row + row)),
  ).sort()
  const scoredIndex = new Map(Array.from(scoredRows, (row, index) => [row, index]))
  return {
    segments,
    rows,
    tokens: tokensOf(segments, rows),
    table: SEGMENT.table(table),
    keys,
    pairs,
    listed,
    views,
    queryTiles: queryTilesOf(segments, tile.queries),
    trunkTiles: keyTilesOf(segments, views, tile.keys, false),
    branchTiles: keyTilesOf(segments, views, tile.keys, true),
    scoredRows,
    targets: Uint32Array.from(
      targets.flatMap(({ segment, row, token }) => [
        scoredIndex.get(table[segment].row + row) as number,
        token,
      ]),
    ),
  }
}

function trunkOf(segments: readonly Segment[], index: number): number | null {
  const { trunk } = segments[index]
  if (trunk === null) return null
  if (!(trunk < index) || segments[trunk].trunk !== null) {
    throw new RangeError(`batch: segment ${index} cannot continue segment ${trunk}`)
  }
  if (segments[index].frozenFrom !== segments[trunk].frozenFrom)
    throw new RangeError(`batch: segment ${index} and its trunk ${trunk} are frozen from different positions`)
  return trunk
}

function tokensOf(segments: readonly Segment[], rows: number): Uint32Array {
  const tokens = new Uint32Array(2 * rows)
  let row = 0
  for (const { tokens: own, trunk } of segments) {
    const start = trunk === null ? 0 : segments[trunk].tokens.length
    for (let i = 0; i < own.length; i++, row++) {
      tokens[2 * row] = own[i]
      tokens[2 * row + 1] = start + i
    }
  }
  return tokens
}

function queryTilesOf(segments: readonly Segment[], size: number): Uint32Array {
  const tiles: number[] = []
  segments.forEach(({ tokens }, index) => {
    for (let first = 0; first < tokens.length; first += size) tiles.push(index, first)
  })
  return Uint32Array.from(tiles)
}

/** Room for the lists of live keys of a segment, as live-list-layout.wgsl lays them out. */
function listedOf(parentLength: number, length: number, size: number): number {
  let entries = 0
  for (let first = 0; first < length; first += size) {
    entries += 1 + parentLength + Math.min(first + size, length)
  }
  return entries
}

function keyTilesOf(
  segments: readonly Segment[],
  views: Batch['views'],
  size: number,
  branches: boolean,
): Uint32Array {
  const tiles: number[] = []
  segments.forEach(({ trunk }, index) => {
    if ((trunk !== null) !== branches) return
    for (let first = 0; first < views[index].length; first += size) tiles.push(index, first)
  })
  return Uint32Array.from(tiles)
}
