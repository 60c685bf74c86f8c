/** How evict.wgsl is put together and bound, over a batch and over the cache. Pure planning. */

import { Failure } from '../../errors.js'
import type { Binding, KernelSpec } from '../compute/device.js'
import { attentionWidth, type Gpt2Config, headWidth, type ScoreSizes, scoreScale } from '../gpt2/config.js'
import { BUDGET } from '../kernels/structs.js'
import type { WeightDtype } from '../matmul.js'
import { decisionsOf, EVICTING, type EvictingKind, type EvictingRule, layerSize } from './index.js'
import { type Depth, type EvictingPolicy, SCORE_INPUTS, type ScoreInput } from './policy.js'

/** Words of the sums that a rule keeps of one sequence and layer, all heads; of several rules the most. */
export function sumWords(
  rules: readonly EvictingRule[],
  config: Pick<Gpt2Config, 'nEmbd' | 'nHead'>,
): number {
  const P = headWidth(config)
  return config.nHead * Math.max(0, ...rules.map(({ kind }) => policyOf(kind).sums?.(P) ?? 0))
}

/** As every policy is declared, so that what only some have can be asked of all. */
const policyOf = (kind: EvictingKind): EvictingPolicy => EVICTING[kind]

/** What a kernel is given beyond what every policy needs. */
export type ScoreBindings = Readonly<Partial<Record<ScoreInput, Binding>>>

/** Words that evicting rules keep of each key: its score, of each head that decides for itself, and lengths of its value where a rule weighs by them. */
export function importanceWords(rules: readonly EvictingRule[], config: Pick<Gpt2Config, 'nHead'>): number {
  const words = rules.map(
    (rule) => decisionsOf(rule, config) + (policyOf(rule.kind).valueLengths ? config.nHead : 0),
  )
  return Math.max(0, ...words)
}

/** `entries`: of the list of scores. */
export function budgetOf(
  rule: EvictingRule,
  config: ScoreSizes & Depth,
  { layer, entries }: { layer: number; entries: number },
): Uint32Array {
  return BUDGET.pack({
    layer,
    keys: entries,
    budget: layerSize(rule, layer, config),
    recent: EVICTING[rule.kind].recent(rule.size),
    A4: attentionWidth(config) / 4,
    scale: scoreScale(config, layer),
    decisions: decisionsOf(rule, config),
  })
}

/** Scores that weigh all keys alive by a softmax, which they hold (evict-softmax.wgsl). */
const WEIGHING: ReadonlySet<string> = new Set(['by-attention', 'by-expectation', 'by-vote'])

/**
 * Positions of the longest sequence whose keys a workgroup can keep account of: two words each, another in the cache for the row and
 * another for a weight; and five for each lane.
 */
export function mostPositions(
  { kind }: Pick<EvictingRule, 'kind'>,
  keys: 'batch' | 'cache',
  { lanes, workgroupBytes }: { lanes: number; workgroupBytes: number },
): number {
  const words = 2 + Number(keys === 'cache') + Number(WEIGHING.has(policyOf(kind).score))
  return lanes * Math.floor((workgroupBytes / 4 - 5 * lanes - 4) / (words * lanes))
}

/** Throws a Failure where a sequence of `length` tokens is more than a workgroup of this device can keep account of. */
export function checkEviction(
  rule: EvictingRule,
  length: number,
  keys: 'batch' | 'cache',
  device: { lanes: number; workgroupBytes: number },
): void {
  const most = mostPositions(rule, keys, device)
  if (length <= most) return
  throw new Failure(
    `${rule.kind}: follows sequences of at most ${most} tokens on this device, got ${length}`,
    {
      hint: '--device cpu has no such limit; local, strided and streaming have none anywhere',
    },
  )
}

/** Throws a Failure where heads decide for themselves: a row of the cache holds the keys of all heads, so none could leave it alone. */
export function checkDecoding(rule: EvictingRule): void {
  if (rule.granularity !== 'head') return
  throw new Failure(`${rule.kind}: decisions by head are for scoring alone, not for decoding`, {
    hint: 'the cache keeps the keys of all heads in one row; leave --granularity out',
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
  const { score, constants, sinks, interval, start = 0 } = policyOf(kind)
  const most = mostPositions({ kind }, at.keys, { lanes: WORKGROUP, workgroupBytes })
  return {
    kernel: 'evict',
    variant: { ...at, score, width: `${headWidth(config)}` },
    constants: {
      WORKGROUP,
      REGION: Math.ceil(Math.min(config.nPositions, most) / WORKGROUP),
      SINKS: sinks,
      INTERVAL: interval,
      DUE: start % interval,
      ...constants,
    },
  }
}

/** The bindings that a rule's scores are made of; the rest its shader does not have. */
export function scoreBindings({ kind }: EvictingRule, given: ScoreBindings): Binding[] {
  const { reads } = policyOf(kind)
  return SCORE_INPUTS.filter((input) => reads.includes(input)).flatMap((input) => given[input] ?? [])
}
