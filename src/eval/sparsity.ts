/** Achieved sparsity of a run, from what was counted per request (README, "What --sparsity means"). Pure. */
import type { Score } from './score.js'

export interface SparsityTotals {
  /** Causal pairs with key < query, summed over requests. */
  pairs: number
  /** Pairs removed, per layer, summed over requests. */
  removed: number[]
  /** Keys alive after each request's last row, per layer, summed over requests. */
  kept: number[]
  /** Input tokens, summed over requests. */
  tokens: number
}

export function emptyTotals(layers: number): SparsityTotals {
  const zeros = () => Array.from({ length: layers }, () => 0)
  return { pairs: 0, removed: zeros(), kept: zeros(), tokens: 0 }
}

/** Adds one request, of `tokens` input tokens, to the totals. */
export function addScore(
  totals: SparsityTotals,
  score: Pick<Score, 'pairs' | 'removed' | 'kept'>,
  tokens: number,
): void {
  totals.pairs += score.pairs
  totals.tokens += tokens
  score.removed.forEach((removed, layer) => {
    totals.removed[layer] += removed
  })
  score.kept.forEach((kept, layer) => {
    totals.kept[layer] += kept
  })
}

/** Share of causal pairs removed, per layer; 0 where there are no pairs. */
export function perLayerSparsity({ pairs, removed }: SparsityTotals): number[] {
  return removed.map((count) => (pairs === 0 ? 0 : count / pairs))
}

/** The mean over layers: what `--sparsity` asks for. */
export function achievedSparsity(totals: SparsityTotals): number {
  const layers = perLayerSparsity(totals)
  return layers.length === 0 ? 0 : layers.reduce((sum, value) => sum + value, 0) / layers.length
}
