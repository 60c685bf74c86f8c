import { type EvictingPolicy, onePerInterval } from './policy.js'

const [SINKS, INTERVAL] = [4, 32]

/**
 * Expected Attention (2510.00636): what attention a key can expect of queries distributed as those so far, times the norm
 * of its value, mean over heads. Every 32 queries all but `budget` keys go; the first four stay and count for nothing.
 */
export const expected: EvictingPolicy = {
  parameter: 'budget',
  least: SINKS + 1,
  removed: (n, budget) => onePerInterval(n, budget, INTERVAL),
  parameters: (budget) => ({ budget, sinks: SINKS, interval: INTERVAL }),
  score: 'by-expectation',
  constants: {},
  reads: ['rows', 'keys', 'sums'],
  // Of the queries of a head: their sum, and the sum of their products.
  sums: (P) => P + P * P,
  valueLengths: true,
  sinks: SINKS,
  recent: () => 0,
  interval: INTERVAL,
}
