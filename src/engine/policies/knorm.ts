import { type EvictingPolicy, onePerQuery } from './policy.js'

/** Last tokens that stay whatever their norm, as far as half the budget reaches. */
const RECENT = 16

const recent = (budget: number): number => Math.min(RECENT, Math.floor(budget / 2))

/** Devoto et al. 2024 (2406.11430): keys of large norm get little attention, so the largest go; mean norm over heads. */
export const knorm: EvictingPolicy = {
  parameter: 'budget',
  least: 1,
  removed: onePerQuery,
  parameters: (budget) => ({ budget, recent: recent(budget) }),
  score: 'by-norm',
  constants: {},
  reads: ['rows'],
  sinks: 0,
  recent,
  interval: 1,
}
