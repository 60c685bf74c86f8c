/** Records -> the record of their comparison: pairs, one family of tests over all of them, a verdict for each. Pure. */

import type { ComparedMetric, CompareRecord, Comparison, Flip } from '../record/compare/schema.js'
import type { From } from '../record/io/records.js'
import { COMPARE_SCHEMA } from '../record/kinds.js'
import { holm } from '../stats/holm.js'
import { type Margins, marginGain, USUAL_MARGINS } from './margins.js'
import { detectableLoss, type Measured, measure } from './measure.js'
import { type Comparable, pairRecords } from './pair-records.js'
import type { Pair } from './pairs.js'
import { comparedRecord, differing } from './settings.js'
import { judge, overall } from './verdict.js'

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

export function compareRecords(
  base: From<Comparable>,
  others: readonly From<Comparable>[],
  options: CompareOptions,
): CompareRecord {
  const { alpha } = options
  const paired = others.map((other) => {
    const { pairs, notes } = pairRecords(base, other)
    const asked = pairs.filter(({ metric }) => isAsked(metric, options))
    const broken = asked.filter((pair) => !isFinitePair(pair))
    return {
      other,
      notes: [...notes, ...broken.map(({ task, metric }) => `${task} ${metric}: a value is not finite`)],
      pairs: asked.filter(isFinitePair),
    }
  })
  const measured = paired.map(({ pairs }) => pairs.map((pair) => ({ pair, found: measure(pair, 1 - alpha) })))
  const tested = measured.flat().filter(({ found }) => found.p !== null)
  const adjusted = new Map<Measured, number>()
  for (const [i, p] of holm(tested.map(({ found }) => found.p ?? 1)).entries())
    adjusted.set(tested[i].found, p)
  const baseRecord = comparedRecord(base)
  const comparisons = paired.map(({ other, notes }, i): Comparison => {
    const record = comparedRecord(other)
    const results = measured[i].map(({ pair, found }) =>
      resultOf(pair, found, adjusted.get(found) ?? null, { ...options, tests: tested.length }),
    )
    return {
      record,
      verdict: overall(results.map(({ verdict }) => verdict)),
      differs: differing(baseRecord, record),
      results,
      flips: paired[i].pairs.flatMap(flipsOf),
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
    base: baseRecord,
    comparisons,
    command: [...options.command],
  }
}

/** A model gone astray has log-probabilities that no statistic is to be made of. */
function isFinitePair({ base, new: other, data }: Pair): boolean {
  const values =
    data.kind === 'gains' ? data.values : data.kind === 'rounds' ? [...data.base, ...data.new] : []
  return [base, other, ...values].every(Number.isFinite)
}

function isAsked(metric: string, { metrics, margins }: CompareOptions): boolean {
  if (metrics !== null) return metrics.includes(metric)
  return metric in margins || !ONLY_ON_REQUEST.includes(metric)
}

function resultOf(
  pair: Pair,
  found: Measured,
  pHolm: number | null,
  { alpha, margins, tests }: CompareOptions & { tests: number },
): ComparedMetric {
  const { cell, task, metric, higherIsBetter, scale } = pair
  const asked = margins[metric]
  const margin = marginGain(pair, asked ?? USUAL_MARGINS[metric])
  const { verdict, reason } = judge(found, { margin, alpha, pHolm })
  const onScale = changeOf(pair)
  const ends = found.interval && [found.interval.low, found.interval.high].map(onScale).sort((a, b) => a - b)
  // At the strictest of Holm's levels, so that the power holds whatever the other tests show.
  const loss = detectableLoss(found, margin, { alpha: alpha / Math.max(1, tests), power: POWER })
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return {
    cell,
    task,
    metric,
    higher_is_better: higherIsBetter,
    base: pair.base,
    new: pair.new,
    scale,
    change: onScale(found.gain),
    low: ends && finite(ends[0]),
    high: ends && finite(ends[1]),
    method: found.method,
    n: found.n,
    discordant: found.flips,
    p: found.p,
    p_holm: pHolm,
    margin: Math.abs(onScale(-margin)),
    margin_source: asked === undefined ? 'usual' : 'asked',
    floor: found.floor === null ? null : Math.abs(onScale(-found.floor)),
    detectable: Number.isFinite(loss) ? Math.abs(onScale(-loss)) : null,
    verdict,
    reason,
  }
}

/** From gains, which are positive where the new run is better, to the change of the metric. */
function changeOf({ scale, higherIsBetter }: Pair): (gain: number) => number {
  const direction = higherIsBetter ? 1 : -1
  // Adding 0 takes the sign from -0.
  return (gain) => (scale === 'ratio' ? Math.expm1(direction * gain) : direction * gain) + 0
}

function flipsOf({ cell, task, metric, data }: Pair): Flip[] {
  if (data.kind !== 'verdicts') return []
  return data.documents
    .filter((one) => one.base !== one.new)
    .map((one) => ({
      cell,
      task,
      metric,
      kind: one.new < one.base ? ('lost' as const) : ('gained' as const),
      doc_id: one.docId,
      hash: one.hash,
      text: null,
    }))
}
