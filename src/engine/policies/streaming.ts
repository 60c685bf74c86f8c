import { NEVER } from '../batch.js'
import { local } from './local.js'
import type { StaticPolicy } from './policy.js'

/** First tokens that stay, on which attention rests (Xiao et al. 2023, "attention sinks"). */
const SINKS = 4

/** StreamingLLM: the first four tokens and the last `window`. Positions stay what they were, as GPT-2's are learned. */
export const streaming: StaticPolicy = {
  parameter: 'window',
  least: 1,
  death: (j, window) => (j < SINKS ? NEVER : j + window),
  removed: (n, window) => local.removed(Math.max(0, n - SINKS), window),
  parameters: (window) => ({ window, sinks: SINKS }),
}
