import { type EvictingPolicy, onePerInterval } from './policy.js'

/** Queries that vote, and from one vote to the next. */
const WINDOW = 16

/**
 * Li et al. 2024 (2404.14469): the last `window` queries vote by their attention for keys and their neighbours; the keys of most votes
 * stay, and the window itself, as far as half the budget reaches. The original votes once, where the prompt ends; here every
 * window votes as it ends, since a text that is scored has no prompt.
 */
export const snapkv: EvictingPolicy = {
  parameter: 'budget',
  least: 1,
  removed: (n, budget) => onePerInterval(n, budget, WINDOW),
  parameters: (budget) => ({ budget, recent: snapkv.recent(budget), interval: WINDOW }),
  score: 'by-vote',
  constants: {},
  reads: ['rows', 'keys'],
  sinks: 0,
  recent: (budget) => Math.min(WINDOW, Math.floor(budget / 2)),
  interval: WINDOW,
}
