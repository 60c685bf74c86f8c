/** A pair and what was measured of it -> a line of the record: changes in the metric's own unit, a verdict, flips. Pure. */
import type { ComparedMetric, Flip } from '../record/compare/schema.js'
import { type Margin, marginGain } from './margins.js'
import { detectableLoss, type Measured } from './measure.js'
import type { Pair } from './pairs.js'
import { judge, judgeUnmeasured } from './verdict.js'

export interface ResultOptions {
  margin: Margin
  marginSource: ComparedMetric['margin_source']
  /** Level of the whole family of tests, how many there are, and the chance of finding what there is. */
  alpha: number
  tests: number
  power: number
}

/** A model gone astray has log-probabilities that no statistic is to be made of. */
export function isFinitePair({ base, new: other, data }: Pair): boolean {
  const values =
    data.kind === 'gains' ? data.values : data.kind === 'rounds' ? [...data.base, ...data.new] : []
  return [base, other, ...values].every(Number.isFinite)
}

export function resultOf(
  pair: Pair,
  found: Measured,
  pHolm: number | null,
  { margin: asked, marginSource, alpha, tests, power }: ResultOptions,
): ComparedMetric {
  const margin = marginGain(pair, asked)
  const onScale = changeOf(pair)
  const ends = found.interval && [found.interval.low, found.interval.high].map(onScale).sort((a, b) => a - b)
  // At the strictest of Holm's levels, so that the power holds whatever the other tests show.
  const loss = detectableLoss(found, margin, { alpha: alpha / Math.max(1, tests), power })
  return {
    ...named(pair),
    change: finite(onScale(found.gain)),
    low: ends && finite(ends[0]),
    high: ends && finite(ends[1]),
    method: found.method,
    n: found.n,
    discordant: found.flips,
    p: found.p,
    p_holm: pHolm,
    margin: Math.abs(onScale(-margin)),
    margin_source: marginSource,
    floor: found.floor === null ? null : Math.abs(onScale(-found.floor)),
    detectable: Number.isFinite(loss) ? Math.abs(onScale(-loss)) : null,
    ...judge(found, { margin, alpha, pHolm }),
  }
}

/** Of a pair with something in it that is not finite. */
export function unmeasured(pair: Pair, { margin, marginSource }: ResultOptions): ComparedMetric {
  const change = changeOf(pair)(-marginGain({ ...pair, base: finite(pair.base) ?? 1 }, margin))
  return {
    ...named(pair),
    change: null,
    low: null,
    high: null,
    method: 'none',
    n: 0,
    discordant: null,
    p: null,
    p_holm: null,
    margin: Math.abs(change),
    margin_source: marginSource,
    floor: null,
    detectable: null,
    ...judgeUnmeasured(pair),
  }
}

const named = ({ cell, task, metric, higherIsBetter, scale, base, new: other }: Pair) => ({
  cell,
  task,
  metric,
  higher_is_better: higherIsBetter,
  base: finite(base),
  new: finite(other),
  scale,
})

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** From gains, which are positive where the new run is better, to the change of the metric. */
function changeOf({ scale, higherIsBetter }: Pair): (gain: number) => number {
  const direction = higherIsBetter ? 1 : -1
  // Adding 0 takes the sign from -0.
  return (gain) => (scale === 'ratio' ? Math.expm1(direction * gain) : direction * gain) + 0
}

export function flipsOf({ cell, task, metric, data }: Pair): Flip[] {
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
