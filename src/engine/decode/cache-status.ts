/** The words in which the device keeps how full each layer of the cache is, and the bytes that follow from them. Pure. */
import { type CacheShape, PAGE } from './layout.js'
import type { CacheUsage } from './types.js'

/** Words of a layer: rows that a step goes through and live rows of each slot, then free pages. */
export function statusStride({ slots }: CacheShape): number {
  return 2 * slots + 1
}

/** One layer's words. */
export interface LayerStatus {
  /** (B) rows that a step goes through. */
  rows: Uint32Array
  /** (B) */
  live: Uint32Array
  free: number
}

/** The status of an empty cache, whose layers have `pages` pages. */
export function emptyStatus(shape: CacheShape, layers: number, pages: number): LayerStatus[] {
  return Array.from({ length: layers }, () => ({
    rows: new Uint32Array(shape.slots),
    live: new Uint32Array(shape.slots),
    free: pages,
  }))
}

/** (L, 2 B + 1) -> by layer. */
export function splitStatus(status: Uint32Array, shape: CacheShape, layers: number): LayerStatus[] {
  const { slots } = shape
  return Array.from({ length: layers }, (_, layer) => {
    const at = layer * statusStride(shape)
    return {
      rows: status.slice(at, at + slots),
      live: status.slice(at + slots, at + 2 * slots),
      free: status[at + 2 * slots],
    }
  })
}

/**
 * @param pages of each layer
 * @param rowBytes of keys, values and interaction keys together
 * @param rowsHeld rows that are set aside for sequences
 */
export function usageOf(
  status: readonly LayerStatus[],
  pages: readonly number[],
  rowBytes: number,
  rowsHeld: (layer: LayerStatus, pages: number) => number,
): CacheUsage {
  const usage: CacheUsage = { allocated: 0, held: 0, live: 0, rows: [] }
  status.forEach((layer, index) => {
    usage.allocated += pages[index] * PAGE * rowBytes
    usage.held += rowsHeld(layer, pages[index]) * rowBytes
    usage.live += layer.live.reduce((sum, rows) => sum + rows, 0) * rowBytes
    usage.rows.push(layer.live)
  })
  return usage
}
