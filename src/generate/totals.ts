/** What the submissions of a generation amount to: rates, and the cache when it was fullest. Pure. */
import { rowBytes } from '../engine/decode/layout.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { GenerateCache, GenerateTiming } from '../record/generate/schema.js'
import type { Step } from './drive.js'
import type { GenerateOptions } from './options.js'

export interface Totals {
  add(step: Step): void
  /** `decoded`: new tokens that a step of one row each gave. */
  timing(decoded: number): Pick<GenerateTiming, 'prefill' | 'decode'>
  cache(): GenerateCache
}

export function createTotals(
  config: Pick<Gpt2Config, 'nLayer' | 'nEmbd' | 'nHead'>,
  { cache: kind, cacheDtype: dtype }: Pick<GenerateOptions, 'cache' | 'cacheDtype'>,
): Totals {
  const seconds = { prefill: 0, decode: 0 }
  let prompts = 0
  let fullest: Step | null = null
  return {
    add(step) {
      seconds[step.kind] += step.seconds
      if (step.kind === 'prefill') prompts += step.rows
      if (fullest === null || step.positions >= fullest.positions) fullest = step
    },
    timing: (decoded) => ({
      prefill: { tokens: prompts, seconds: seconds.prefill },
      decode: { tokens: decoded, seconds: seconds.decode },
    }),
    cache: () => ({
      kind,
      dtype,
      live_bytes: fullest?.usage.live ?? 0,
      held_bytes: fullest?.usage.held ?? 0,
      allocated_bytes: fullest?.usage.allocated ?? 0,
      dense_bytes: (fullest?.positions ?? 0) * config.nLayer * 2 * rowBytes(config, dtype),
    }),
  }
}
