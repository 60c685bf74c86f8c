import { type EvictingPolicy, onePerQuery } from './policy.js'

const recent = (budget: number): number => Math.floor(budget / 2)

/**
 * Zhang et al. 2023 (2306.14048), heavy hitters: the key that all queries so far attended to least goes; half of the budget
 * is for the last tokens. Attention is that of the pruned model, summed over heads.
 */
export const h2o: EvictingPolicy = {
  parameter: 'budget',
  least: 1,
  removed: onePerQuery,
  parameters: (budget) => ({ budget, recent: recent(budget) }),
  score: 'by-attention',
  constants: { ACCUMULATE: 1 },
  reads: ['rows', 'keys'],
  sinks: 0,
  recent,
  interval: 1,
}
