import { type EvictingPolicy, onePerQuery } from './policy.js'

/**
 * Park et al. 2025 (2504.15364): distinctive keys get the attention, so the key most like all others goes: the one of largest cosine
 * with the mean of the keys alive, each divided by its length; summed over heads. Itself if need be.
 */
export const keydiff: EvictingPolicy = {
  parameter: 'budget',
  least: 1,
  removed: onePerQuery,
  parameters: (budget) => ({ budget }),
  score: 'by-similarity',
  constants: {},
  reads: ['rows', 'keys', 'sums'],
  // Of the keys of a head: the sum of their directions.
  sums: (P) => P,
  sinks: 0,
  recent: () => 0,
  interval: 1,
}
