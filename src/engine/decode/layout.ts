/** Where everything of one layer of the cache lies (cache.wgsl). Pure planning. */
import { floatBits } from '../gpu/uniforms.js'
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

/** Word of `state` where positions start, and where the free stack does. */
export function stateOffsets(
  shape: CacheShape,
  pages: number,
): { positions: number; free: number; words: number } {
  const positions = shape.places * (2 + 2 * maxPages(shape))
  const free = positions + pages * PAGE
  return { positions, free, words: free + 1 + pages }
}

/** The uniform struct Cache. */
export function cacheWords(shape: CacheShape, pages: number, layer: number, betaShift: number): number[] {
  const { positions, free } = stateOffsets(shape, pages)
  return [
    shape.places,
    maxPages(shape),
    shape.nPositions,
    layer,
    positions,
    free,
    pages,
    floatBits(betaShift),
  ]
}

/** A layer's state when no sequence is there yet: nothing but free pages. */
export function emptyState(shape: CacheShape, pages: number): Uint32Array {
  const { free, words } = stateOffsets(shape, pages)
  const state = new Uint32Array(words)
  state[free] = pages
  for (let page = 0; page < pages; page++) state[free + 1 + page] = page
  return state
}

/** Pages that a layer needs at most, once `rows` more rows are at each of `places`. */
export function pagesNeeded(
  bounds: RowBounds,
  shape: CacheShape,
  layer: number,
  added: ReadonlyMap<number, number>,
): number {
  let pages = 0
  for (let place = 0; place < shape.places; place++) {
    const rows = bounds.most(layer, place) + (added.get(place) ?? 0)
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
