/** Where everything of one layer of the cache lies (cache.wgsl). Pure planning. */

import type { Gpt2Config } from '../gpt2/config.js'
import { CACHE } from '../kernels/structs.js'
import type { WeightDtype } from '../matmul.js'
import type { RowBounds } from './row-bounds.js'

/** Rows of a page. */
export const PAGE = 32

export interface CacheShape {
  /** B */
  places: number
  nPositions: number
}

/** Pages one place may hold: every position, and room for one row more. */
export function maxPages({ nPositions }: CacheShape): number {
  return Math.floor(nPositions / PAGE) + 1
}

/** Words of `state` where the table of pages, the words of live rows, the positions and the free stack start. */
export function stateOffsets(shape: CacheShape, pages: number) {
  const { places } = shape
  const alive = places * (1 + maxPages(shape))
  const positions = places * (2 + 2 * maxPages(shape))
  const free = positions + pages * PAGE
  return { table: places, alive, positions, free, words: free + 1 + pages }
}

/** A layer as its kernels see it. */
export function cacheOf(
  shape: CacheShape,
  { pages, layer, r, scattered }: { pages: number; layer: number; r: number; scattered: boolean },
  betaShift: number,
): Uint32Array {
  const { places, nPositions } = shape
  const { positions, free } = stateOffsets(shape, pages)
  return CACHE.pack({
    places,
    maxPages: maxPages(shape),
    nPositions,
    layer,
    positions,
    free,
    pages,
    betaShift,
    r4: r / 4,
    scattered: Number(scattered),
  })
}

/** Bytes of a row of keys, or of values. */
export function rowBytes({ nEmbd: C }: Gpt2Config, dtype: WeightDtype): number {
  return C * (dtype === 'f32' ? 4 : 2)
}

/** Pages that a layer needs at most, once `added` more rows are at each place, where places hold what they need. */
export function pagesNeeded(
  bounds: RowBounds,
  shape: CacheShape,
  layer: number,
  added: ReadonlyMap<number, number>,
): number {
  let pages = 0
  for (let place = 0; place < shape.places; place++) {
    const rows = bounds.held(layer, place) + (added.get(place) ?? 0)
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

/** Slots of a place at first, where places hold slots. */
const FIRST_SLOTS = 64

/** Pages that a layer of slots needs: as many at every place as the fullest one needs. */
export function slotPagesNeeded(
  bounds: RowBounds,
  shape: CacheShape,
  layer: number,
  added: ReadonlyMap<number, number>,
): number {
  // A row takes the first free slot, so no slot is used past a place's own rows that was not used before.
  let rows = bounds.tallest(layer)
  for (const [place, more] of added) rows = Math.max(rows, bounds.held(layer, place) + more)
  return shape.places * Math.ceil(rows / PAGE)
}

/** Slots of a place double until they do, and are never fewer again. */
export function slotPagesWanted(needed: number, held: number, shape: CacheShape): number {
  const { places } = shape
  const most = maxPages(shape)
  let each = Math.max(held / places, Math.min(FIRST_SLOTS / PAGE, most))
  while (each * places < needed) each = Math.min(2 * each, most)
  return places * each
}
