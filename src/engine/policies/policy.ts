/**
 * What a policy is that needs nothing of a checkpoint: one size, by which keys die for good (docs/method.md, Policies). Either death times
 * follow from positions alone, or a budget is kept: after each query, as long as more keys are alive, the one with the
 * lowest score goes. docs/policies.md shows how to add one.
 */
import type { VariantOf } from '../kernels/table.js'

export interface SizedPolicy {
  /** What the size is called. */
  parameter: 'window' | 'stride' | 'budget'
  /** The smallest size there is. */
  least: number
  /** Causal pairs (key < query) that are gone among n positions: sum over j of max(0, n - t_j). */
  removed(n: number, size: number): number
  /** What the record says of a size, itself among it. */
  parameters(size: number): Readonly<Record<string, number>>
}

/** Every death time is known beforehand and the same in every layer. */
export interface StaticPolicy extends SizedPolicy {
  /** t_j in a sequence without end. */
  death(j: number, size: number): number
}

/** What a score is made of, each more than the one before; evict.wgsl binds so much. */
export const SCORE_INPUTS = ['position', 'own key', 'all keys', 'moments of queries'] as const
export type ScoreInput = (typeof SCORE_INPUTS)[number]

/** One decision a layer, shared by its heads: scores are means or sums over heads. */
export interface EvictingPolicy extends SizedPolicy {
  /** The shader file that computes a key's importance: evict-<score>.wgsl. */
  score: VariantOf<'evict'>['score']
  /** Overrides of its. */
  constants: Readonly<Record<string, number>>
  reads: ScoreInput
  /** First positions that are never evicted. */
  sinks: number
  /** Last positions that are not evicted, the query's own among them. */
  recent(budget: number): number
  /** Queries from one eviction to the next; in between more than the budget may be alive. */
  interval: number
}

/** Pairs gone where each query from the first that finds more than `kept` earlier keys evicts one. */
export function onePerQuery(n: number, kept: number): number {
  const dead = Math.max(0, n - kept - 1)
  return (dead * (dead + 1)) / 2
}
