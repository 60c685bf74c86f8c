/** What quality and perplexity are drawn over (`asp report --x`): what is gone, or what is left and held. */

export const X_AXES = {
  sparsity: { name: 'sparsity', label: 'share of causal pairs removed' },
  footprint: { name: 'KV footprint', label: 'KV footprint: share of a full cache, over time' },
} as const

export type XAxis = keyof typeof X_AXES
export const X_AXIS_NAMES = Object.keys(X_AXES) as XAxis[]

/** What rows have of both; the footprint is null where nothing leaves the cache for good. */
export type Placed = Record<XAxis, number | null>
