/**
 * How much of the KV cache is in use (docs/method.md, Footprint): the share of entries over time, and the peak. Pure. The footprint
 * follows from pairs removed and tokens alone, so that it is known of records, too, that were written before they had it.
 */

import { sum } from '../stats/basics.js'
import type { SparsityRecord } from './common.js'
import type { ContextRecord, RuleRecord } from './ppl/schema.js'

/** Sums over sequences. */
export interface EntryCounts {
  /** Pairs removed, all layers together. */
  removed: number
  layers: number
  /** Causal pairs of one layer, key < query. */
  pairs: number
  /** As many queries see themselves. */
  tokens: number
}

/** Entries that queries see, their own included, of all causal ones; 1 where there are none. */
export function footprintOf({ removed, layers, pairs, tokens }: EntryCounts): number {
  const entries = layers * (pairs + tokens)
  return entries === 0 ? 1 : (entries - removed) / entries
}

/** The sequences' peaks, as shares of the full cache at their last query. */
export interface Peaks {
  sum: number
  most: number
}

export const NO_PEAKS: Peaks = { sum: 0, most: 0 }

/** @param entries at the peak of one sequence, all layers together */
export function peakOf(entries: number, layers: number, tokens: number): Peaks {
  const share = entries / Math.max(1, layers * tokens)
  return { sum: share, most: share }
}

export const mergePeaks = (a: Peaks, b: Peaks): Peaks => ({
  sum: a.sum + b.sum,
  most: Math.max(a.most, b.most),
})

export type KvRecord = Required<Pick<SparsityRecord, 'kv_footprint' | 'kv_peak' | 'kv_peak_max'>>

/** As records have it. @param peaks of that many sequences */
export function kvRecord(counts: EntryCounts, peaks: Peaks | null, sequences: number): KvRecord {
  return {
    kv_footprint: footprintOf(counts),
    kv_peak: peaks === null || sequences === 0 ? null : peaks.sum / sequences,
    kv_peak_max: peaks === null || sequences === 0 ? null : peaks.most,
  }
}

/** Of a run over suites, or of one of its tasks. */
export function suiteFootprint({ kv_footprint, achieved, pairs, kept_tokens }: SparsityRecord): number {
  return (
    kv_footprint ?? footprintOf({ removed: achieved * pairs, layers: 1, pairs, tokens: kept_tokens.total })
  )
}

/** Of several tasks together. */
export function pooledFootprint(tasks: readonly SparsityRecord[]): number {
  const entries = tasks.map(({ pairs, kept_tokens }) => pairs + kept_tokens.total)
  const seen = tasks.map((task, i) => suiteFootprint(task) * entries[i])
  return sum(entries) === 0 ? 1 : sum(seen) / sum(entries)
}

/** Of a rule over the windows of a text: 1 for the dense one, null for a soft one, under which every key keeps its place. */
export function textFootprint(
  { samples }: Pick<ContextRecord, 'samples'>,
  { rule, sparsity }: Pick<RuleRecord, 'rule' | 'sparsity'>,
): number | null {
  if (sparsity === null) return 1
  if (rule === 'soft') return null
  const tokens = sum(samples.rows)
  const { kv_footprint, achieved, pairs } = sparsity
  return kv_footprint ?? footprintOf({ removed: achieved * pairs, layers: 1, pairs, tokens })
}
