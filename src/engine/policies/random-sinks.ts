import type { EvictingPolicy } from './policy.js'
import { random } from './random.js'

const SINKS = 4

/** The same sample as of `random`, but the first four tokens stay, on which attention rests: a harder one to beat. */
export const randomSinks: EvictingPolicy = {
  ...random,
  least: SINKS + 1,
  parameters: (budget) => ({ budget, sinks: SINKS }),
  sinks: SINKS,
}
