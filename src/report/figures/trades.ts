/**
 * Quality beside cost, and who is beaten in both. Figures of separate records are put together where weights, policy and
 * the share asked for are the same; a sweep brings its own frontiers. Pure.
 */
import { exactLead, type Lead, standings } from '../../record/sweep/frontier.js'
import type { SweepFrontier, SweepRecord } from '../../record/sweep/schema.js'
import { type Interval, logInterval } from '../../stats/basics.js'
import { grouped } from './grouped.js'
import { atLevel, levelName } from './level.js'
import { DENSE } from './names.js'
import { bounds, origin, type Place, subject } from './place.js'
import type { Bounds, LossRow, Origin, QualityRow, SpeedRow, Subject, TradeRow } from './rows.js'

/** A point before it is compared. */
export interface Offer extends Omit<TradeRow, 'state' | 'betterOnes'> {
  /** Bounds of the amount, where it was sampled and there are enough samples for 95 %. */
  bounds: Interval | null
}

/** Of separate records, as a sweep has frontiers of its own: costs of the deepest test that generates, with the largest batch. */
export function joinedTrades(
  quality: readonly QualityRow[],
  losses: readonly LossRow[],
  speeds: readonly SpeedRow[],
): TradeRow[] {
  const costs = costliest(speeds)
  const offers = [...quality.map(qualityOffer), ...losses.flatMap(lossOffer)].flatMap((one) =>
    costs
      .filter((cost) => cost.record !== one.record && sameSubject(one, cost))
      .flatMap((cost) => withCosts(one, cost)),
  )
  // One point alone is no choice.
  return grouped(offers, ({ of, metric, cost, where }) => JSON.stringify([of, metric, cost, where]))
    .filter((panel) => panel.length > 1)
    .flatMap(judge)
}

/** Points that others beat, as the frontier of a sweep tells them, but without pairs: intervals of differences are wider. */
export function judge(offers: readonly Offer[]): TradeRow[] {
  const found = standings(offers.length, [
    (a, b) => qualityLead(offers[a], offers[b]),
    (a, b) => costLead(offers[a], offers[b]),
  ])
  return offers.map(({ bounds: _, ...offer }, i) => {
    const { dominated_by, within_noise_of } = found[i]
    const better = [...dominated_by, ...within_noise_of].map((other) => nameOf(offers[other]))
    const state = dominated_by.length > 0 ? 'dominated' : better.length > 0 ? 'within noise' : 'frontier'
    return { ...offer, state, betterOnes: better }
  })
}

/** The difference of independent figures: half of its interval is the root of the halves' squares. */
function qualityLead(one: Offer, other: Offer): Lead {
  const value = one.higherIsBetter ? one.value - other.value : other.value - one.value
  if (one.low === null || one.high === null || other.low === null || other.high === null) {
    return { value, low: Number.NEGATIVE_INFINITY }
  }
  return { value, low: value - Math.hypot((one.high - one.low) / 2, (other.high - other.low) / 2) }
}

/** Bytes are counted: any difference is one. Of times, intervals that do not meet. */
function costLead(one: Offer, other: Offer): Lead {
  const value = other.amount - one.amount
  if (one.cost === 'cache') return exactLead(value)
  if (one.bounds === null || other.bounds === null) return { value, low: Number.NEGATIVE_INFINITY }
  return { value, low: other.bounds.low - one.bounds.high }
}

/** `adaptive at 0.8`. */
export const nameOf = (one: Subject): string => `${one.checkpoint}, ${one.policy}${atLevel(one)}`

type Quality = Omit<Offer, 'sweep' | 'cost' | 'where' | 'amount' | 'bounds'>

function qualityOffer(row: QualityRow): Quality {
  const { metric, higherIsBetter, value } = row
  return { ...placed(row), of: row.task, metric, higherIsBetter, value }
}

function lossOffer(row: LossRow): Quality[] {
  const { text, ctx, perplexity, rule } = row
  if (perplexity === null || rule === 'soft') return []
  const of = `${text}, ${ctx} tokens`
  return [{ ...placed(row), of, metric: 'perplexity', higherIsBetter: false, value: perplexity }]
}

/** What and where, with the interval. */
const placed = (row: Origin & Subject & Bounds): Origin & Subject & Bounds => {
  const { record, path, checkpoint, policy, requested, by, low, high } = row
  return { record, path, checkpoint, policy, requested, by, low, high }
}

/** One row a subject and record. */
function costliest(speeds: readonly SpeedRow[]): SpeedRow[] {
  const deeper = (a: SpeedRow, b: SpeedRow): number => b.depth - a.depth || (b.batch ?? 0) - (a.batch ?? 0)
  const generating = speeds.filter(({ generates }) => generates)
  const groups = grouped(generating, (row) => JSON.stringify([row.record, nameOf(row), row.setting]))
  return groups.map((rows) => rows.toSorted(deeper)[0])
}

function withCosts(quality: Quality, cost: SpeedRow): Offer[] {
  const where = `in ${cost.test}, batch ${cost.batch ?? '?'}, ${cost.setting}`
  const { liveBytes, stepSeconds, stepLow, stepHigh, enough } = cost
  const bounds = enough && stepLow !== null && stepHigh !== null ? { low: stepLow, high: stepHigh } : null
  const offer = (kind: Offer['cost'], amount: number | null, bounds: Interval | null): Offer[] =>
    amount === null ? [] : [{ ...quality, sweep: null, cost: kind, where, amount, bounds }]
  return [...offer('cache', liveBytes, null), ...offer('latency', stepSeconds, bounds)]
}

const sameSubject = (a: Subject, b: Subject): boolean =>
  a.checkpoint === b.checkpoint && a.policy === b.policy && levelName(a) === levelName(b)

/** A sweep's frontiers as they stand in it: bytes of those without latency, latency of those with. */
export function sweepTrades(record: SweepRecord, place: Place): TradeRow[] {
  return record.frontiers.flatMap((frontier, f) => {
    const { quality, objectives } = frontier
    const timed = objectives.includes('latency')
    const ctx = frontier.ctx === null ? "the ends of the suites' requests" : `${frontier.ctx} tokens`
    const at = timed || frontier.ctx === null ? ctx : `${ctx} (${frontier.cache_source})`
    return frontier.points.flatMap((point, p): TradeRow[] => {
      const cell = record.cells.find(({ id }) => id === point.cell)
      const amount = timed ? point.latency_s : point.cache_bytes
      if (cell === undefined || amount === null) return []
      const { quality: value, quality_stderr: stderr } = point
      return [
        {
          ...origin(place, `frontiers[${f}].points[${p}]`),
          ...subject(place, record.model, {
            policy: cell.policy,
            requested: cell.policy === DENSE ? null : cell.sparsity,
            by: null,
          }),
          sweep: place.record,
          of: quality.name,
          metric: quality.metric,
          higherIsBetter: quality.higher_is_better,
          value,
          ...(quality.metric.endsWith('perplexity') && stderr !== null
            ? logInterval(value, stderr)
            : bounds(value, stderr)),
          cost: timed ? 'latency' : 'cache',
          where: `at ${at}, judged over ${objectives.join(', ')}`,
          amount,
          state: stateOf(point),
          betterOnes: [...point.dominated_by, ...point.within_noise_of],
        },
      ]
    })
  })
}

function stateOf(point: SweepFrontier['points'][number]): TradeRow['state'] {
  if (!point.on_frontier) return 'dominated'
  return point.within_noise_of.length > 0 ? 'within noise' : 'frontier'
}
