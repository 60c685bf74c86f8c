/** The policies that need nothing of a checkpoint, and the rules they make. A new one is a file and a line here. */
import { type Batch, NEVER } from '../batch.js'
import type { Gpt2Config } from '../gpt2/config.js'
import { expected } from './expected.js'
import { h2o } from './h2o.js'
import { keydiff } from './keydiff.js'
import { knorm } from './knorm.js'
import { lagkv } from './lagkv.js'
import { local } from './local.js'
import type { Depth, EvictingPolicy, SizedPolicy, StaticPolicy } from './policy.js'
import { pyramid } from './pyramid.js'
import { random } from './random.js'
import { randomSinks } from './random-sinks.js'
import { snapkv } from './snapkv.js'
import { streaming } from './streaming.js'
import { strided } from './strided.js'
import { tova } from './tova.js'

export const STATIC = { local, strided, streaming } satisfies Record<string, StaticPolicy>
export const EVICTING = {
  h2o,
  tova,
  knorm,
  expected,
  keydiff,
  snapkv,
  pyramid,
  lagkv,
  random,
  'random-sinks': randomSinks,
} satisfies Record<string, EvictingPolicy>

export type StaticKind = keyof typeof STATIC
export type EvictingKind = keyof typeof EVICTING
export type SizedKind = StaticKind | EvictingKind

export const SIZED: Readonly<Record<SizedKind, SizedPolicy>> = { ...STATIC, ...EVICTING }
export const SIZED_KINDS = Object.keys(SIZED) as SizedKind[]

/** `size` is what the policy's `parameter` says, in tokens. */
export interface StaticRule {
  kind: StaticKind
  size: number
}

export interface EvictingRule {
  kind: EvictingKind
  size: number
  /** Each head keeps keys of its own, in scoring alone; where it is absent, a layer's heads share one decision. */
  granularity?: 'head'
}

export type SizedRule = StaticRule | EvictingRule

interface AnyRule {
  kind: string
}

export const isStatic = <R extends AnyRule>(rule: R): rule is R & StaticRule =>
  Object.hasOwn(STATIC, rule.kind)

export const isEvicting = <R extends AnyRule>(rule: R): rule is R & EvictingRule =>
  Object.hasOwn(EVICTING, rule.kind)

export const isSized = <R extends AnyRule>(rule: R): rule is R & SizedRule => Object.hasOwn(SIZED, rule.kind)

/** The rule of a policy at a size. Throws RangeError when there is no such size. */
export function sizedRule<Kind extends SizedKind>(kind: Kind, size: number): { kind: Kind; size: number } {
  const { parameter, least } = SIZED[kind]
  if (!(Number.isInteger(size) && size >= least)) {
    throw new RangeError(`${kind}: ${parameter} must be a whole number from ${least}, got ${size}`)
  }
  return { kind, size }
}

/** Whether a policy's heads may decide for themselves: one that goes by positions alone has nothing to tell them apart. */
export const canSplitHeads = (kind: SizedKind): kind is EvictingKind =>
  isEvicting({ kind }) && EVICTING[kind as EvictingKind].reads.length > 0

/** How many decisions a layer makes: one, or one a head. */
export const decisionsOf = (rule: AnyRule, { nHead }: Pick<Gpt2Config, 'nHead'>): number =>
  isEvicting(rule) && rule.granularity === 'head' ? nHead : 1

/** The size of one layer: its budget, where a policy gives each its own. */
export function layerSize({ kind, size }: SizedRule, layer: number, model: Depth): number {
  const { layerBudget }: Partial<EvictingPolicy> = SIZED[kind]
  return layerBudget?.(size, layer, model) ?? size
}

/** The sizes of all layers. */
export const layerSizes = (rule: SizedRule, model: Depth): number[] =>
  Array.from({ length: model.nLayer }, (_, layer) => layerSize(rule, layer, model))

/**
 * (n) t_j of a sequence of n tokens: key j is visible to query k where j <= k < t_j; NEVER where it outlives the sequence.
 * What is gone after query `frozenFrom` - 1 stays gone, what is alive then outlives the sequence.
 * Throws RangeError when there is no such size.
 */
export function staticDeaths({ kind, size }: StaticRule, n: number, frozenFrom = NEVER): Uint32Array {
  sizedRule(kind, size)
  return Uint32Array.from({ length: n }, (_, j) => {
    const time = STATIC[kind].death(j, size)
    return time < n && time <= frozenFrom ? time : NEVER
  })
}

/** (keys) of a batch: positions of a branch count from the beginning of its trunk. */
export function batchStaticDeaths(
  { keys, views, segments }: Pick<Batch, 'keys' | 'views' | 'segments'>,
  rule: StaticRule,
): Uint32Array {
  const deaths = new Uint32Array(keys)
  for (const [i, { first, length }] of views.entries())
    deaths.set(staticDeaths(rule, length, segments[i].frozenFrom), first)
  return deaths
}
