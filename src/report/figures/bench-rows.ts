/** A record of `asp bench` -> rows: what each test took and held, and the curves over the context. Pure. */
import type { BenchConfiguration, BenchCurve, BenchRecord } from '../../record/bench/schema.js'
import { median } from '../../stats/basics.js'
import { policyName, settingText } from '../bench-words.js'
import { decidedBy } from './level.js'
import { DENSE } from './names.js'
import { origin, type Place, subject } from './place.js'
import type { CurveRow, SpeedRow, Subject } from './rows.js'

/** A curve has a point a token, and single steps are noisy. */
const CURVE_POINTS = 48

/** Tests that were measured. */
export function speedRows(record: BenchRecord, place: Place): SpeedRow[] {
  return record.results.flatMap((result, i) => {
    const { tokens_per_s: rate, step_s, speedup, cache } = result
    const configuration = configurationOf(record, result.configuration)
    if (rate === null) return []
    return [
      {
        ...origin(place, `results[${i}]`),
        ...subjectOf(record, place, configuration),
        test: result.test,
        ctx: configuration.ctx,
        depth: result.depth,
        generates: result.gen > 0 && result.prompt === 0,
        batch: configuration.batch,
        setting: settingText(configuration),
        tokensPerSecond: rate.median,
        low: rate.low,
        high: rate.high,
        enough: rate.enough,
        stepSeconds: step_s?.median ?? null,
        stepLow: step_s?.low ?? null,
        stepHigh: step_s?.high ?? null,
        speedup: speedup?.median ?? null,
        liveBytes: cache === null ? null : cache.live_bytes / (configuration.batch ?? 1),
        liveRatio: cache?.live_ratio ?? null,
        dropped: cache?.dropped ?? null,
      },
    ]
  })
}

/** By the clock that the record's own figures are by. */
export function curveRows(record: BenchRecord, place: Place): CurveRow[] {
  return record.curves.map((curve, i) => {
    const configuration = configurationOf(record, curve.configuration)
    const seconds = curve.device_s ?? curve.host_s
    const parts = stretches(curve)
    return {
      ...origin(place, `curves[${i}]`),
      ...subjectOf(record, place, configuration),
      ctx: configuration.ctx,
      batch: configuration.batch,
      setting: settingText(configuration),
      lengths: parts.map(({ to }) => curve.lengths[to - 1]),
      stepSeconds: parts.map(({ from, to }) => median(seconds.slice(from, to))),
      liveBytes: parts.map(({ to }) => curve.live_bytes[to - 1] / (configuration.batch ?? 1)),
    }
  })
}

/** Indices `from` to `to`, exclusive. */
function stretches({ lengths }: BenchCurve): { from: number; to: number }[] {
  const count = Math.min(CURVE_POINTS, lengths.length)
  const cut = (i: number): number => Math.round((i * lengths.length) / count)
  return Array.from({ length: count }, (_, i) => ({ from: cut(i), to: cut(i + 1) }))
}

function configurationOf({ configurations }: BenchRecord, id: number): BenchConfiguration {
  const found = configurations.find((one) => one.id === id)
  if (found === undefined) throw new Error(`a benchmark's record has no configuration ${id}`)
  return found
}

const subjectOf = (record: BenchRecord, place: Place, configuration: BenchConfiguration): Subject =>
  subject(place, record.model, {
    policy: policyName(configuration),
    requested: configuration.sparsity,
    by: configuration.policy === DENSE ? null : decidedBy(configuration.threshold_shift, configuration.sized),
  })
