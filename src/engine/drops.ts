import { NEVER } from './batch.js'

/** What one layer dropped of one sequence. */
export interface DropCount {
  /** Causal pairs (key < query) removed. */
  removed: number
  /** Keys alive after the last query. */
  kept: number
}

/** What every layer dropped of one sequence. */
export interface LayerDrops {
  removed: number[]
  kept: number[]
}

/** Counts of segment `segment` in death times by [layer][segment][position]. */
export function countLayerDrops(
  deaths: readonly (readonly ArrayLike<number>[])[],
  segment: number,
): LayerDrops {
  const layers = deaths.map((layer) => countDrops(layer[segment]))
  return { removed: layers.map(({ removed }) => removed), kept: layers.map(({ kept }) => kept) }
}

/** Causal pairs with key < query among n positions: n (n - 1) / 2. */
export function causalPairs(n: number): number {
  return (n * (n - 1)) / 2
}

/**
 * Counts from one layer's death times of a sequence of n positions: key j is invisible to queries t_j .. n - 1
 * (docs/method.md, Sparsity: S_pair = removed / causalPairs(n)).
 */
export function countDrops(deaths: ArrayLike<number>): DropCount {
  const n = deaths.length
  let removed = 0
  let kept = 0
  for (let j = 0; j < n; j++) {
    const death = deaths[j]
    if (death === NEVER || death >= n) kept++
    else removed += n - death
  }
  return { removed, kept }
}
