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
  /** Most entries of the cache that one query sees, all layers together (`peakEntries`). */
  peak: number
}

/** Counts of segment `segment` in death times by [layer][segment][position]. */
export function countLayerDrops(
  deaths: readonly (readonly ArrayLike<number>[])[],
  segment: number,
): LayerDrops {
  return sequenceDrops(deaths.map((layer) => layer[segment]))
}

/** Counts of one sequence's death times by [layer][position]. */
export function sequenceDrops(deaths: readonly ArrayLike<number>[]): LayerDrops {
  const layers = deaths.map(countDrops)
  return {
    removed: layers.map(({ removed }) => removed),
    kept: layers.map(({ kept }) => kept),
    peak: peakEntries(deaths),
  }
}

/** Causal pairs with key < query among n positions: n (n - 1) / 2. */
export function causalPairs(n: number): number {
  return (n * (n - 1)) / 2
}

/** Entries of a full cache that n queries see, each its own among them: n (n + 1) / 2. */
export function causalEntries(n: number): number {
  return (n * (n + 1)) / 2
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

/**
 * Most entries that one query sees, its own among them, all layers together: the largest over k of the sum over layers of
 * #{ j <= k : t_j > k } (docs/method.md, Footprint). Layers x n where nothing is dropped, 0 of an empty sequence.
 * @param layers death times by [layer][position]
 */
export function peakEntries(layers: readonly ArrayLike<number>[]): number {
  const n = layers[0]?.length ?? 0
  const died = new Uint32Array(n)
  for (const deaths of layers) {
    for (let j = 0; j < n; j++) if (deaths[j] < n) died[deaths[j]]++
  }
  let live = 0
  let peak = 0
  for (let k = 0; k < n; k++) {
    live += layers.length - died[k]
    peak = Math.max(peak, live)
  }
  return peak
}
