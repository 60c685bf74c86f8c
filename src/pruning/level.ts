/** What is removed, and how much: as it is requested, before lengths, scores or a device are known. Pure. */
import { isMethod, METHOD_NAMES, type Method } from '../engine/methods.js'
import { isSized, SIZED_KINDS, type SizedKind } from '../engine/policies/index.js'
import type { HardRule } from '../engine/rules.js'

/** By what a method taught the checkpoint, or by a policy of a size, which needs nothing of the checkpoint. */
export const POLICY_NAMES = ['dense', ...METHOD_NAMES, ...SIZED_KINDS] as const
export type PolicyName = (typeof POLICY_NAMES)[number]

/** The share S_pair of causal pairs (docs/method.md, Sparsity): a shift or a size is found for it. */
interface Share {
  kind: 'sparsity'
  sparsity: number
}

export type LearnedTarget =
  /** The threshold that the checkpoint was trained with. */
  | { kind: 'own' }
  /** Known beforehand; `sparsity` is the share it was found for, where that is said. */
  | { kind: 'shift'; shift: number; sparsity?: number }
  | Share

/** `size`: window, stride or budget in tokens. */
export type SizedTarget = { kind: 'size'; size: number } | Share

export type Level =
  | { policy: 'dense' }
  | { policy: Method; target: LearnedTarget }
  | { policy: SizedKind; target: SizedTarget; granularity?: 'head' }

export const DENSE: Level = { policy: 'dense' }

/** Whether a policy has a size, and needs nothing of a checkpoint. */
export const isSizedPolicy = <Name extends string>(name: Name): name is Name & SizedKind =>
  isSized({ kind: name })

/** Whether a policy is what a method taught the checkpoint. */
export const isLearnedLevel = (level: Level): level is Extract<Level, { policy: Method }> =>
  isMethod(level.policy)

export const isSizedLevel = (level: Level): level is Extract<Level, { policy: SizedKind }> =>
  isSizedPolicy(level.policy)

/** The kind of rule that a policy's levels come to; a share of 0 may come to `keep-all` instead. */
export const ruleKindOf = (policy: PolicyName): HardRule['kind'] => (isMethod(policy) ? 'adaptive' : policy)

/** The share that is requested, as records have it: null where another number decides, and of the dense policy. */
export function requestedSparsity(level: Level): number | null {
  return level.policy !== 'dense' && 'sparsity' in level.target ? (level.target.sparsity ?? null) : null
}

/** Whether only measuring scores can tell the shift. Keeping everything needs none. */
export function needsSearch(level: Level): level is { policy: Method; target: Share } {
  return isLearnedLevel(level) && level.target.kind === 'sparsity' && level.target.sparsity > 0
}

/** `adaptive 0.8`, `local 64 tokens`, `h2o by head 0.5`, `adaptive shift -0.4`, `adaptive`, `dense`. */
export function describeLevel(level: Level): string {
  if (level.policy === 'dense') return level.policy
  const { policy, target } = level
  const by = 'granularity' in level ? ' by head' : ''
  if (target.kind === 'sparsity') return `${policy}${by} ${target.sparsity}`
  if (target.kind === 'size') return `${policy}${by} ${target.size} tokens`
  return target.kind === 'shift' ? `${policy} shift ${target.shift}` : policy
}
