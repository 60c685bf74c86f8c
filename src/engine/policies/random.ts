import { type EvictingPolicy, onePerQuery } from './policy.js'

/** What a policy should beat: each layer keeps a uniform sample of `budget` of the keys so far, by a hash of position and layer. */
export const random: EvictingPolicy = {
  parameter: 'budget',
  least: 1,
  removed: onePerQuery,
  parameters: (budget) => ({ budget }),
  score: 'at-random',
  constants: {},
  reads: [],
  sinks: 0,
  recent: () => 0,
  interval: 1,
}
