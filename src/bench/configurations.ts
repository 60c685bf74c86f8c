/**
 * Which combinations of settings are measured, what each is compared with, and in which order a round goes through
 * them. Pure planning.
 */
import type { CacheKind } from '../engine/decode/types.js'
import type { WeightDtype } from '../engine/matmul.js'
import { DENSE, type Level } from '../pruning/level.js'
import type { TestGroup } from './tests.js'

/** Sequences at a time; `max` is the largest number that fits. */
export type Batch = number | 'max'

export interface Axes {
  levels: readonly Level[]
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
  level: Level
  batch: Batch
  dtype: WeightDtype
  cache: CacheKind
  cacheDtype: WeightDtype
  /** The dense configuration that is equal in everything else; null for itself, and where there is none. */
  baseline: number | null
  /** Equal for configurations that differ in level alone. */
  set: number
}

/** The product of the axes, configurations that are compared side by side. */
export function planConfigurations(groups: readonly TestGroup[], axes: Axes): Configuration[] {
  const levels = withBaseline(axes)
  const dense = levels.findIndex(({ policy }) => policy === 'dense')
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
    const first = set * levels.length
    return levels.map((level, i) => {
      const baseline = dense < 0 || i === dense ? null : first + dense
      return { id: first + i, ...settings, level, baseline, set }
    })
  })
}

function withBaseline({ levels, baseline }: Axes): readonly Level[] {
  const hasDense = levels.some(({ policy }) => policy === 'dense')
  return baseline && !hasDense ? [DENSE, ...levels] : levels
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
