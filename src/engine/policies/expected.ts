import type { EvictingPolicy } from './policy.js'

const [SINKS, INTERVAL] = [4, 32]

/**
 * Expected Attention (2510.00636): what attention a key can expect of queries distributed as those so far, times the norm
 * of its value, mean over heads. Every 32 queries all but `budget` keys go; the first four stay and count for nothing.
 */
export const expected: EvictingPolicy = {
  parameter: 'budget',
  least: SINKS + 1,
  // Queries between two evictions find as many keys gone.
  removed: (n, budget) => {
    let gone = 0
    for (let from = INTERVAL; from < n; from += INTERVAL) {
      gone += Math.min(INTERVAL, n - from) * Math.max(0, from - budget)
    }
    return gone
  },
  parameters: (budget) => ({ budget, sinks: SINKS, interval: INTERVAL }),
  score: 'by-expectation',
  constants: {},
  reads: 'moments of queries',
  sinks: SINKS,
  recent: () => 0,
  interval: INTERVAL,
}
