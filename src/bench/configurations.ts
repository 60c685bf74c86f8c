/**
 * Which combinations of settings are measured, what each is compared with, and in which order a round goes through
 * them. Pure planning.
 */
import type { CacheKind } from '../engine/decode/types.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { SizedKind } from '../engine/policies/index.js'
import type { TestGroup } from './tests.js'

/** What may be dropped. `sparsity` null: the checkpoint's own threshold decides. */
export type Policy =
  | { name: 'dense' }
  | { name: 'adaptive'; sparsity: number | null }
  | { name: SizedKind; sparsity: number }

/** Sequences at a time; `max` is the largest number that fits. */
export type Batch = number | 'max'

export interface Axes {
  policies: readonly Policy[]
  batches: readonly Batch[]
  dtypes: readonly WeightDtype[]
  caches: readonly CacheKind[]
  cacheDtypes: readonly WeightDtype[]
  /** Adds the dense policy beside every pruned one. */
  baseline: boolean
}

export interface Configuration {
  /** Place in the list. */
  id: number
  group: TestGroup
  policy: Policy
  batch: Batch
  dtype: WeightDtype
  cache: CacheKind
  cacheDtype: WeightDtype
  /** The dense configuration that is equal in everything else; null for itself, and where there is none. */
  baseline: number | null
  /** Equal for configurations that differ in policy alone. */
  set: number
}

/** The product of the axes, configurations that are compared side by side. */
export function planConfigurations(groups: readonly TestGroup[], axes: Axes): Configuration[] {
  const policies = withBaseline(axes)
  const dense = policies.findIndex(({ name }) => name === 'dense')
  const sets = groups.flatMap((group) =>
    axes.dtypes.flatMap((dtype) =>
      axes.caches.flatMap((cache) =>
        axes.cacheDtypes.flatMap((cacheDtype) =>
          axes.batches.map((batch) => ({ group, dtype, cache, cacheDtype, batch })),
        ),
      ),
    ),
  )
  return sets.flatMap((settings, set) => {
    const first = set * policies.length
    return policies.map((policy, i) => {
      const baseline = dense < 0 || i === dense ? null : first + dense
      return { id: first + i, ...settings, policy, baseline, set }
    })
  })
}

function withBaseline({ policies, baseline }: Axes): readonly Policy[] {
  const hasDense = policies.some(({ name }) => name === 'dense')
  return baseline && !hasDense ? [{ name: 'dense' }, ...policies] : policies
}

/**
 * The order of round `round` over `count` things: each round the next begins, and every other one goes backwards, so
 * that a drift of the machine's speed falls on all alike.
 */
export function orderOfRound(round: number, count: number): number[] {
  const shift = round >> 1
  const order = Array.from({ length: count }, (_, i) => (i + shift) % count)
  return round % 2 === 0 ? order : order.reverse()
}
