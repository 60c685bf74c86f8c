/** How evict.wgsl is put together and bound, over a batch and over the cache. Pure planning. */

import type { Binding, KernelSpec } from '../compute/device.js'
import { attentionScale, attentionWidth, type Gpt2Config, headWidth } from '../gpt2/config.js'
import { BUDGET } from '../kernels/structs.js'
import type { WeightDtype } from '../matmul.js'
import { EVICTING, type EvictingRule } from './index.js'
import { SCORE_INPUTS, type ScoreInput } from './policy.js'

/** Of the queries of one head: their sum, and the sum of their products, P x P. */
export function momentWords(config: Pick<Gpt2Config, 'nEmbd' | 'nHead'>): number {
  const P = headWidth(config)
  return P + P * P
}

/** What a kernel is given beyond what every policy needs. */
export type ScoreBindings = Readonly<Partial<Record<ScoreInput, Binding>>>

export const needsMoments = ({ kind }: EvictingRule): boolean => EVICTING[kind].reads === 'moments of queries'

/** Words that evicting rules keep of each key: its score, and lengths of its value where a rule weighs by them. */
export function importanceWords(
  rules: readonly EvictingRule[],
  { nHead: H }: Pick<Gpt2Config, 'nHead'>,
): number {
  if (rules.length === 0) return 0
  return rules.some(needsMoments) ? 1 + H : 1
}

/** `entries`: of the list of scores. */
export function budgetOf(
  { kind, size }: EvictingRule,
  config: Pick<Gpt2Config, 'nEmbd' | 'nHead'>,
  { layer, entries }: { layer: number; entries: number },
): Uint32Array {
  return BUDGET.pack({
    layer,
    keys: entries,
    budget: size,
    recent: EVICTING[kind].recent(size),
    A4: attentionWidth(config) / 4,
    scale: attentionScale(config, layer),
  })
}

/** @param at where keys lie, and, in the cache, how */
export function evictionSpec(
  { kind }: EvictingRule,
  at: { keys: 'batch' } | { keys: 'cache'; dtype: WeightDtype },
  config: Pick<Gpt2Config, 'nPositions' | 'nEmbd' | 'nHead'>,
  WORKGROUP: number,
): KernelSpec {
  const { score, constants, sinks, interval } = EVICTING[kind]
  return {
    kernel: 'evict',
    variant: { ...at, score, width: `${headWidth(config)}` },
    constants: {
      WORKGROUP,
      REGION: Math.ceil(config.nPositions / WORKGROUP),
      SINKS: sinks,
      INTERVAL: interval,
      ...constants,
    },
  }
}

/** The bindings that a rule's scores are made of; the rest its shader does not have. */
export function scoreBindings({ kind }: EvictingRule, given: ScoreBindings): Binding[] {
  const most = SCORE_INPUTS.indexOf(EVICTING[kind].reads)
  return SCORE_INPUTS.slice(0, most + 1).flatMap((input) => given[input] ?? [])
}
