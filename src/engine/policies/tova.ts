import { type EvictingPolicy, onePerQuery } from './policy.js'

/** Oren et al. 2024 (2401.06104): the key that the last query attends to least goes, mean over heads; itself if need be. */
export const tova: EvictingPolicy = {
  parameter: 'budget',
  least: 1,
  removed: onePerQuery,
  parameters: (budget) => ({ budget }),
  score: 'by-attention',
  constants: { ACCUMULATE: 0 },
  reads: ['rows', 'keys'],
  sinks: 0,
  recent: () => 0,
  interval: 1,
}
