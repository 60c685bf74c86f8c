/** How evict.wgsl is put together and bound, over a batch and over the cache. Pure planning. */

import { Failure } from '../../errors.js'
import type { Binding, KernelSpec } from '../compute/device.js'
import { attentionWidth, type Gpt2Config, headWidth, type ScoreSizes, scoreScale } from '../gpt2/config.js'
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
  config: ScoreSizes,
  { layer, entries }: { layer: number; entries: number },
): Uint32Array {
  return BUDGET.pack({
    layer,
    keys: entries,
    budget: size,
    recent: EVICTING[kind].recent(size),
    A4: attentionWidth(config) / 4,
    scale: scoreScale(config, layer),
  })
}

/** Positions of the longest sequence whose keys a workgroup can keep account of: three words each, and five for each lane. */
function mostPositions(lanes: number, workgroupBytes: number): number {
  return lanes * Math.floor((workgroupBytes / 4 - 5 * lanes - 4) / (3 * lanes))
}

/** Throws a Failure where a sequence of `length` tokens is more than a workgroup of this device can keep account of. */
export function checkEviction(
  { kind }: EvictingRule,
  length: number,
  lanes: number,
  workgroupBytes: number,
): void {
  const most = mostPositions(lanes, workgroupBytes)
  if (length <= most) return
  throw new Failure(`${kind}: follows sequences of at most ${most} tokens on this device, got ${length}`, {
    hint: '--device cpu has no such limit; local, strided and streaming have none anywhere',
  })
}

/** @param at where keys lie, and, in the cache, how */
export function evictionSpec(
  { kind }: EvictingRule,
  at: { keys: 'batch' } | { keys: 'cache'; dtype: WeightDtype },
  config: Pick<Gpt2Config, 'nPositions' | 'nEmbd' | 'nHead'>,
  WORKGROUP: number,
  workgroupBytes: number,
): KernelSpec {
  const { score, constants, sinks, interval } = EVICTING[kind]
  return {
    kernel: 'evict',
    variant: { ...at, score, width: `${headWidth(config)}` },
    constants: {
      WORKGROUP,
      REGION: Math.ceil(Math.min(config.nPositions, mostPositions(WORKGROUP, workgroupBytes)) / WORKGROUP),
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
