/**
 * Quality beside cost, and who is beaten in both. Figures of separate records are put together where weights, policy and
 * the share asked for are the same; a sweep brings its own frontiers. Pure.
 */
import type { SweepFrontier, SweepRecord } from '../../record/sweep-schema.js'
import { logInterval, normalInterval } from '../../stats.js'
import { grouped } from './grouped.js'
import { origin, type Place, subject } from './place.js'
import type { LossRow, QualityRow, SpeedRow, Subject, TradeRow } from './rows.js'

type Offer = Omit<TradeRow, 'state' | 'betterOnes'>

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
  const panels = grouped(offers, ({ quality, cost, costOf }) => JSON.stringify([quality, cost, costOf]))
  // One point alone is no choice.
  return panels.filter((panel) => panel.length > 1).flatMap(judge)
}

/** Points that others beat, marked. A lead in quality counts where the intervals do not meet; in cost, any does. */
export function judge(offers: readonly Offer[]): TradeRow[] {
  return offers.map((offer) => {
    const better = offers.filter((other) => beats(other, offer))
    const surely = better.filter((other) => isResolved(other, offer))
    const state = surely.length > 0 ? 'dominated' : better.length > 0 ? 'within noise' : 'frontier'
    return { ...offer, state, betterOnes: (surely.length > 0 ? surely : better).map(nameOf) }
  })
}

/** At least as good in both, better in one. */
function beats(one: Offer, other: Offer): boolean {
  const gain = one.higherIsBetter ? one.value - other.value : other.value - one.value
  return gain >= 0 && one.amount <= other.amount && (gain > 0 || one.amount < other.amount)
}

/** Equal quality needs no proof: then the cost alone decides. */
function isResolved(one: Offer, other: Offer): boolean {
  if (one.value === other.value) return true
  const [better, worse] = one.value > other.value ? [one, other] : [other, one]
  return better.low !== null && worse.high !== null && better.low > worse.high
}

/** `adaptive at 0.8`. */
export const nameOf = ({ checkpoint, policy, requested }: Subject): string =>
  `${checkpoint}, ${policy}${requested === null ? '' : ` at ${requested}`}`

type Quality = Omit<Offer, 'cost' | 'costOf' | 'amount'>

function qualityOffer(row: QualityRow): Quality {
  const { record, path, checkpoint, policy, requested, task, metric, higherIsBetter, value, low, high } = row
  return {
    record,
    path,
    checkpoint,
    policy,
    requested,
    quality: `${task} ${metric}`,
    higherIsBetter,
    value,
    low,
    high,
  }
}

function lossOffer(row: LossRow): Quality[] {
  const { record, path, checkpoint, policy, requested, text, ctx, perplexity, low, high } = row
  if (perplexity === null || row.rule === 'soft') return []
  const quality = `perplexity of ${text}, ${ctx} tokens`
  return [
    {
      record,
      path,
      checkpoint,
      policy,
      requested,
      quality,
      higherIsBetter: false,
      value: perplexity,
      low,
      high,
    },
  ]
}

/** One row a subject and record. */
function costliest(speeds: readonly SpeedRow[]): SpeedRow[] {
  const deeper = (a: SpeedRow, b: SpeedRow): number => b.depth - a.depth || (b.batch ?? 0) - (a.batch ?? 0)
  const generating = speeds.filter(({ generates }) => generates)
  const groups = grouped(generating, (row) => JSON.stringify([row.record, nameOf(row), row.setting]))
  return groups.map((rows) => rows.toSorted(deeper)[0])
}

function withCosts(quality: Quality, cost: SpeedRow): Offer[] {
  const where = `${cost.test}, batch ${cost.batch ?? '?'}, ${cost.setting}`
  const bytes =
    cost.liveBytes === null ? [] : [{ cost: 'cache' as const, costOf: where, amount: cost.liveBytes }]
  const step =
    cost.stepSeconds === null ? [] : [{ cost: 'latency' as const, costOf: where, amount: cost.stepSeconds }]
  return [...bytes, ...step].map((one) => ({ ...quality, ...one }))
}

const sameSubject = (a: Subject, b: Subject): boolean =>
  a.checkpoint === b.checkpoint && a.policy === b.policy && a.requested === b.requested

/** A sweep's frontiers as they stand in it. */
export function sweepTrades(record: SweepRecord, place: Place): TradeRow[] {
  return record.frontiers.flatMap((frontier, f) =>
    frontier.points.flatMap((point, p) => {
      const cell = record.cells.find(({ id }) => id === point.cell)
      if (cell === undefined) return []
      const { quality, quality_stderr: stderr } = point
      const interval = stderr === null ? null : intervalOf(frontier, quality, stderr)
      const shared = {
        ...origin(place, `frontiers[${f}].points[${p}]`),
        ...subject(place, record.model, cell.policy, cell.policy === 'dense' ? null : cell.sparsity),
        quality: `${frontier.quality.name} ${frontier.quality.metric}`,
        higherIsBetter: frontier.quality.higher_is_better,
        value: quality,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        state: stateOf(point),
        betterOnes: [...point.dominated_by, ...point.within_noise_of],
      }
      const ctx = frontier.ctx === null ? '' : `, ${frontier.ctx} tokens`
      return [
        {
          cost: 'cache' as const,
          costOf: `cache (${frontier.cache_source})${ctx}`,
          amount: point.cache_bytes,
        },
        { cost: 'latency' as const, costOf: `decoding${ctx}`, amount: point.latency_s },
      ].flatMap(({ amount, ...one }) => (amount === null ? [] : [{ ...shared, ...one, amount }]))
    }),
  )
}

function intervalOf(
  { quality }: SweepFrontier,
  value: number,
  stderr: number,
): { low: number; high: number } {
  return quality.metric.endsWith('perplexity') ? logInterval(value, stderr) : normalInterval(value, stderr)
}

function stateOf(point: SweepFrontier['points'][number]): TradeRow['state'] {
  if (!point.on_frontier) return 'dominated'
  return point.within_noise_of.length > 0 ? 'within noise' : 'frontier'
}
