import { type EvictingPolicy, onePerInterval } from './policy.js'

const [SINKS, LAG] = [4, 16]

/**
 * Liang et al. 2025 (2504.04704): behind the first four tokens keys and values come in partitions, and those count that stand out
 * when measured by the range of the partition behind theirs. The last partition stays, having none behind it, and decisions are
 * made as one is completed. The original keeps the same number of each partition; here they compete for one budget.
 */
export const lagkv: EvictingPolicy = {
  parameter: 'budget',
  least: SINKS + LAG,
  removed: (n, budget) => onePerInterval(n, budget, LAG, SINKS),
  parameters: (budget) => ({ budget, sinks: SINKS, recent: LAG, interval: LAG }),
  score: 'by-lag',
  constants: {},
  reads: ['rows', 'keys', 'values'],
  sinks: SINKS,
  recent: () => LAG,
  interval: LAG,
  start: SINKS,
}
