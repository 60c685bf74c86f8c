/** Where everything of one layer of the cache lies (cache.wgsl). Pure planning. */

import { attentionWidth, type Gpt2Config, keptWidth } from '../gpt2/config.js'
import { CACHE } from '../kernels/structs.js'
import type { WeightDtype } from '../matmul.js'
import { type DecodeRule, readsInteraction } from '../rules.js'
import type { RowBounds } from './row-bounds.js'

/** Rows of a page. */
export const PAGE = 32

export interface CacheShape {
  /** B */
  slots: number
  nPositions: number
}

/** Pages one slot may hold: every position, and room for one row more. */
export function maxPages({ nPositions }: Pick<CacheShape, 'nPositions'>): number {
  return Math.floor(nPositions / PAGE) + 1
}

/** Words of `state` where the table of pages, the words of live rows, the positions and the free stack start. */
export function stateOffsets(shape: CacheShape, pages: number) {
  const { slots } = shape
  const alive = slots * (1 + maxPages(shape))
  const positions = slots * (2 + 2 * maxPages(shape))
  const free = positions + pages * PAGE
  return { table: slots, alive, positions, free, words: free + 1 + pages }
}

/** What a layer's kernels need to know beside the shape. */
interface LayerSetting {
  pages: number
  layer: number
  /** Of interaction keys; 0 where there are none. */
  r: number
  scattered: boolean
  /** Of attention's scores. */
  scale: number
}

/** A layer as its kernels see it. */
export function cacheOf(
  shape: CacheShape,
  { pages, layer, r, scattered, scale }: LayerSetting,
  betaShift: number,
): Uint32Array {
  const { slots, nPositions } = shape
  const { positions, free } = stateOffsets(shape, pages)
  return CACHE.pack({
    slots,
    maxPages: maxPages(shape),
    nPositions,
    layer,
    positions,
    free,
    pages,
    betaShift,
    r4: r / 4,
    scattered: Number(scattered),
    scale,
  })
}

/** Bytes of a row of keys, or of values, with what pads heads to the width of the kernels. */
export function rowBytes(config: Pick<Gpt2Config, 'nEmbd' | 'nHead'>, dtype: WeightDtype): number {
  return attentionWidth(config) * (dtype === 'f32' ? 4 : 2)
}

/** Bytes of a layer's buffers with `pages` pages, before they are allocated. */
export function layerBytes(
  config: Gpt2Config,
  shape: CacheShape,
  pages: number,
  { dtype, rule }: { dtype: WeightDtype; rule: DecodeRule },
): number {
  const r = readsInteraction(rule) ? keptWidth(config) : 0
  return pages * PAGE * (2 * rowBytes(config, dtype) + 4 * r) + 4 * stateOffsets(shape, pages).words
}

/** Pages that a layer needs at most, once `added` more rows are at each slot, where slots hold what they need. */
export function pagesNeeded(
  bounds: RowBounds,
  shape: CacheShape,
  layer: number,
  added: ReadonlyMap<number, number>,
): number {
  let pages = 0
  for (let slot = 0; slot < shape.slots; slot++) {
    const rows = bounds.held(layer, slot) + (added.get(slot) ?? 0)
    if (rows > 0) pages += Math.min(Math.floor(rows / PAGE) + 1, maxPages(shape))
  }
  return pages
}

/** A layer is made smaller once this share of its pages would do. */
const SPARSE = 0.5
/** Room made beyond what is needed, so that growing by one page at a time is rare. */
const HEADROOM = 1.125
const FEWEST = 4

/** The pages a layer should have when it needs `needed` and has `held`; `held` itself when that will do. */
export function pagesWanted(needed: number, held: number): number {
  const roomy = Math.max(FEWEST, Math.ceil(needed * HEADROOM))
  if (needed > held) return roomy
  return roomy < held * SPARSE ? roomy : held
}

/** Rows of a sequence at first in the slot cache. */
const FIRST_ROWS = 64

/** Pages that a layer of the slot cache needs: as many for every sequence as the fullest one needs. */
export function slotPagesNeeded(
  bounds: RowBounds,
  shape: CacheShape,
  layer: number,
  added: ReadonlyMap<number, number>,
): number {
  // A new row takes the first free one, so none is used past a sequence's own rows that was not used before.
  let rows = bounds.longest(layer)
  for (const [slot, more] of added) rows = Math.max(rows, bounds.held(layer, slot) + more)
  return shape.slots * Math.ceil(rows / PAGE)
}

/** Rows of a sequence double until they suffice, and are never fewer again. */
export function slotPagesWanted(needed: number, held: number, shape: CacheShape): number {
  const { slots } = shape
  const most = maxPages(shape)
  let each = Math.max(held / slots, Math.min(FIRST_ROWS / PAGE, most))
  while (each * slots < needed) each = Math.min(2 * each, most)
  return slots * each
}
