import type { EvictingPolicy } from './policy.js'
import { snapkv } from './snapkv.js'

/** How much less the last layer keeps behind its window than layers do on average. */
const STEEPNESS = 20

/**
 * Cai et al. 2024 (2406.02069), PyramidKV: low layers spread their attention, high ones gather it, so the budget falls from layer to
 * layer, by equal steps about the size; which keys stay is decided as by SnapKV. No layer's budget is above the model's context.
 */
export const pyramid: EvictingPolicy = {
  ...snapkv,
  parameters: (budget) => ({ ...snapkv.parameters(budget), steepness: STEEPNESS }),
  layerBudget: (size, layer, { nLayer: L, nPositions }) => {
    if (L === 1) return size
    const rest = size - snapkv.recent(size)
    const furthest = Math.min(rest - rest / STEEPNESS, rest - 1, Math.max(0, nPositions - size))
    const off = (furthest * (L - 1 - 2 * layer)) / (L - 1)
    // Rounded alike above and below, so that the mean over layers is the size.
    return size + Math.sign(off) * Math.round(Math.abs(off))
  },
}
