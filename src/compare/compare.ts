/** Records -> the record of their comparison: pairs, one family of tests over all of them, a verdict for each. Pure. */

import { Failure } from '../errors.js'
import type { CompareRecord, Comparison } from '../record/compare/schema.js'
import type { From } from '../record/io/records.js'
import { COMPARE_SCHEMA } from '../record/kinds.js'
import { holm } from '../stats/holm.js'
import { notComparable } from './comparable.js'
import { type Margins, USUAL_MARGINS } from './margins.js'
import { type Measured, measure } from './measure.js'
import { type Comparable, pairRecords } from './pair-records.js'
import type { Pair } from './pairs.js'
import { flipsOf, isFinitePair, type ResultOptions, resultOf, unmeasured } from './result.js'
import { comparedRecord, differing } from './settings.js'
import { overall } from './verdict.js'

export interface CompareOptions {
  /** Level of the whole family of tests. */
  alpha: number
  margins: Margins
  /** Metrics to compare; null: all that a record has, but for those that say the same in other units. */
  metrics: readonly string[] | null
  date: Date
  command: readonly string[]
}

/** The customary chance of finding what there is. */
const POWER = 0.8

/** Functions of the same log-probabilities as word_perplexity, and speeds that were not measured side by side. */
const ONLY_ON_REQUEST = ['byte_perplexity', 'bits_per_byte', 'tokens_per_s']

/** Two records, the second to be held against the first. */
export interface RecordPair {
  base: From<Comparable>
  other: From<Comparable>
}

/** Every other record against one base. */
export const compareRecords = (
  base: From<Comparable>,
  others: readonly From<Comparable>[],
  options: CompareOptions,
): CompareRecord =>
  comparePairs(
    others.map((other) => ({ base, other })),
    options,
  )

/**
 * One family of tests over all pairs.
 * @throws Failure where two records are not comparable (exit 3), or have none of the metrics asked for (exit 2)
 */
export function comparePairs(records: readonly RecordPair[], options: CompareOptions): CompareRecord {
  const { alpha } = options
  const paired = records.map(({ base, other }) => {
    const { pairs, notes } = pairRecords(base, other)
    return { base, other, notes, pairs: pairs.filter(({ metric }) => isAsked(metric, options)), all: pairs }
  })
  checkMetrics(
    paired.flatMap(({ all }) => all),
    options,
  )
  const measured = paired.map(({ base, other, pairs }) => {
    checkSomething(base.file, other.file, pairs)
    return pairs.map((pair) => ({ pair, found: isFinitePair(pair) ? measure(pair, 1 - alpha) : null }))
  })
  const tested = measured.flat().flatMap(({ found }) => (found === null || found.p === null ? [] : [found]))
  const adjusted = new Map<Measured, number>()
  for (const [i, p] of holm(tested.map(({ p }) => p ?? 1)).entries()) adjusted.set(tested[i], p)
  const [first] = records
  const comparisons = paired.map(({ base, other, notes, pairs }, i): Comparison => {
    const [baseRecord, record] = [comparedRecord(base), comparedRecord(other)]
    const results = measured[i].map(({ pair, found }) => {
      const judging = resultOptions(pair, options, tested.length)
      if (found === null) return unmeasured(pair, judging)
      return resultOf(pair, found, adjusted.get(found) ?? null, judging)
    })
    return {
      base: base === first.base ? null : baseRecord,
      record,
      verdict: overall(results.map(({ verdict }) => verdict)),
      differs: differing(baseRecord, record),
      results,
      flips: pairs.filter(isFinitePair).flatMap(flipsOf),
      notes,
    }
  })
  return {
    schema: COMPARE_SCHEMA,
    kind: 'compare',
    date: options.date.getTime() / 1000,
    verdict: overall(comparisons.map(({ verdict }) => verdict)),
    alpha,
    power: POWER,
    tests: tested.length,
    base: comparedRecord(first.base),
    comparisons,
    command: [...options.command],
  }
}

function isAsked(metric: string, { metrics, margins }: CompareOptions): boolean {
  if (metrics !== null) return metrics.includes(metric)
  return Object.hasOwn(margins, metric) || !ONLY_ON_REQUEST.includes(metric)
}

/** A gate that asks for what is not there would pass whatever happens. */
function checkMetrics(pairs: readonly Pair[], { metrics }: CompareOptions): void {
  const known = [...new Set(pairs.map(({ metric }) => metric))]
  const missing = (metrics ?? []).find((metric) => !known.includes(metric))
  if (missing === undefined || known.length === 0) return
  throw new Failure(`--metrics: ${missing} is in none of these records`, {
    hint: `they have ${known.join(', ')}`,
  })
}

function checkSomething(base: string, other: string, pairs: readonly Pair[]): void {
  if (pairs.length === 0) throw notComparable(`${other}: nothing in it can be compared with ${base}`)
  if (pairs.some((pair) => Number.isFinite(pair.base))) return
  throw notComparable(
    `${base}: no figure that is to be compared is finite`,
    'make the base anew from a checkpoint that works',
  )
}

function resultOptions(pair: Pair, { alpha, margins }: CompareOptions, tests: number): ResultOptions {
  const asked = Object.hasOwn(margins, pair.metric)
  const margin = (asked ? margins : USUAL_MARGINS)[pair.metric]
  return { margin, marginSource: asked ? 'asked' : 'usual', alpha, tests, power: POWER }
}
