/**
 * What a policy is that needs nothing of a checkpoint: one size, by which keys die for good (docs/method.md, Policies). Either death times
 * follow from positions alone, or a budget is kept: after each query, as long as more keys are alive, the one with the
 * lowest score goes. docs/policies.md shows how to add one.
 */
import type { Gpt2Config } from '../gpt2/config.js'
import type { VariantOf } from '../kernels/table.js'

/** What of a model sizes may depend on. */
export type Depth = Pick<Gpt2Config, 'nLayer' | 'nPositions'>

export interface SizedPolicy {
  /** What the size is called. */
  parameter: 'window' | 'stride' | 'budget'
  /** The smallest size there is. */
  least: number
  /** Causal pairs (key < query) that are gone among n positions of a layer of this size: sum over j of max(0, n - t_j). */
  removed(n: number, size: number): number
  /** What the record says of a size, itself among it. */
  parameters(size: number): Readonly<Record<string, number>>
}

/** Every death time is known beforehand and the same in every layer. */
export interface StaticPolicy extends SizedPolicy {
  /** t_j in a sequence without end. */
  death(j: number, size: number): number
}

/**
 * What a score may be made of besides positions, in the order in which evict.wgsl binds it: the rows of the pass (queries, keys,
 * values), keys and values alive wherever they lie, and sums that are kept from query to query.
 */
export const SCORE_INPUTS = ['rows', 'keys', 'values', 'sums'] as const
export type ScoreInput = (typeof SCORE_INPUTS)[number]

/** A decision is shared by the heads of a layer, with scores that are means or sums over them, or each head makes its own. */
export interface EvictingPolicy extends SizedPolicy {
  /** The shader file that computes a key's importance: evict-<score>.wgsl. */
  score: VariantOf<'evict'>['score']
  /** Overrides of its. */
  constants: Readonly<Record<string, number>>
  reads: readonly ScoreInput[]
  /** Budget of a layer, where layers differ; their mean is the size. */
  layerBudget?(size: number, layer: number, model: Depth): number
  /** Words of the sums of one head that is P wide. */
  sums?(P: number): number
  /** Whether the length of each head's value is kept beside a key's score. */
  valueLengths?: boolean
  /** First positions that are never evicted. */
  sinks: number
  /** Last positions that are not evicted, the query's own among them. */
  recent(budget: number): number
  /** Queries from one eviction to the next; in between more than the budget may be alive. */
  interval: number
  /** Queries before the first interval begins; 0 where absent. */
  start?: number
}

/** Pairs gone where, once a whole number of intervals is over after `start` queries, all but `kept` of the keys so far go. */
export function onePerInterval(n: number, kept: number, interval: number, start = 0): number {
  let gone = 0
  // Queries between two evictions find as many keys gone.
  for (let from = start + interval; from < n; from += interval) {
    gone += Math.min(interval, n - from) * Math.max(0, from - kept)
  }
  return gone
}

/** Pairs gone where each query from the first that finds more than `kept` earlier keys evicts one. */
export function onePerQuery(n: number, kept: number): number {
  const dead = Math.max(0, n - kept - 1)
  return (dead * (dead + 1)) / 2
}
