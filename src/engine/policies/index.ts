/** The policies that need nothing of a checkpoint, and the rules they make. A new one is a file and a line here. */
import { type Batch, NEVER } from '../batch.js'
import { expected } from './expected.js'
import { h2o } from './h2o.js'
import { knorm } from './knorm.js'
import { local } from './local.js'
import type { EvictingPolicy, SizedPolicy, StaticPolicy } from './policy.js'
import { random } from './random.js'
import { streaming } from './streaming.js'
import { strided } from './strided.js'
import { tova } from './tova.js'

export const STATIC = { local, strided, streaming } satisfies Record<string, StaticPolicy>
export const EVICTING = { h2o, tova, knorm, expected, random } satisfies Record<string, EvictingPolicy>

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
