/** What a benchmark measured -> its record: every derived figure (rates, intervals, ratios) is computed here. Pure. */

import { type MedianInterval, mean, meanStandardError, median, medianInterval } from '../../stats/basics.js'
import { tInterval } from '../../stats/paired.js'
import { BENCH_SCHEMA } from '../kinds.js'
import type { BenchStage } from '../names.js'
import type {
  BenchCache,
  BenchConfiguration,
  BenchCurve,
  BenchNoise,
  BenchRecord,
  BenchResult,
  BenchSample,
  Figure,
} from './schema.js'

export interface BenchParts extends Omit<BenchRecord, 'schema' | 'kind' | 'date' | 'results' | 'curves'> {
  started: Date
  results: readonly ResultParts[]
  curves: readonly CurveParts[]
}

export interface ResultParts
  extends Pick<
    BenchResult,
    'configuration' | 'test' | 'prompt' | 'gen' | 'depth' | 'stages' | 'stage_tokens'
  > {
  samples: readonly BenchSample[]
  /** Why there are none; null: it has not come to it. */
  refused: string | null
  /** The same once more each round, where noise is measured. */
  twin: readonly BenchSample[]
  /** Of the last sample. */
  cache: Omit<BenchCache, 'live_ratio'> | null
}

export interface CurveParts extends Omit<BenchCurve, 'device_s' | 'live_ratio'> {
  device_s: readonly (number | null)[]
}

export function buildBenchRecord({ started, results, curves, ...parts }: BenchParts): BenchRecord {
  const { configurations, method } = parts
  const find = (configuration: number | null, test: string): ResultParts | undefined =>
    results.find((one) => one.configuration === configuration && one.test === test)
  return {
    schema: BENCH_SCHEMA,
    kind: 'bench',
    date: started.getTime() / 1000,
    ...parts,
    results: results.map((one) => {
      const configuration = configurations[one.configuration]
      const { baseline } = configuration
      const dense = find(baseline, one.test)
      const denseBatch = baseline === null ? null : configurations[baseline].batch
      return resultRecord(one, configuration, dense && { ...dense, batch: denseBatch ?? 0 }, method.clock)
    }),
    curves: curves.map((curve) => {
      const configuration = configurations[curve.configuration]
      const { baseline } = configuration
      const dense = curves.find((one) => one.configuration === baseline)
      const scale = baseline === null ? 1 : (configurations[baseline].batch ?? 0) / (configuration.batch ?? 1)
      return curveRecord(curve, dense, scale)
    }),
  }
}

function resultRecord(
  { refused, samples, twin, cache, ...parts }: ResultParts,
  { batch: known }: BenchConfiguration,
  dense: (ResultParts & { batch: number }) | undefined,
  clock: 'device' | 'host',
): BenchResult {
  const batch = known ?? 0
  const perSequence = parts.prompt + parts.gen
  const tokens = batch * perSequence
  const byClock = (sample: BenchSample): number =>
    clock === 'device' && sample.device_s !== null ? sample.device_s : sample.host_s
  const measured = samples.length > 0
  return {
    ...parts,
    status: measured ? 'measured' : refused === null ? 'not run' : 'does not fit',
    reason: measured ? null : refused,
    tokens,
    samples: [...samples],
    tokens_per_s: measured ? rateOf(tokens, samples.map(byClock)) : null,
    host_tokens_per_s: measured
      ? rateOf(
          tokens,
          samples.map(({ host_s }) => host_s),
        )
      : null,
    step_s:
      measured && parts.prompt === 0 ? figureOf(samples.map((sample) => byClock(sample) / parts.gen)) : null,
    first_token_s: measured ? figureOf(samples.map(({ first_token_s }) => first_token_s)) : null,
    speedup: dense === undefined ? null : speedupOf({ samples, batch }, dense, byClock),
    cpu_speedup: dense === undefined ? null : speedupOf({ samples, batch }, dense, ({ cpu_s }) => cpu_s),
    busy: busyOf(samples),
    noise: noiseOf(samples, twin, byClock),
    cache: cache && { ...cache, live_ratio: liveRatio({ cache, batch }, dense) },
  }
}

/** Median of the rounds' ratios: what drifts from round to round is the same on both sides. Null where a time is not above 0. */
function speedupOf(
  own: { samples: readonly BenchSample[]; batch: number },
  dense: { samples: readonly BenchSample[]; batch: number },
  seconds: (sample: BenchSample) => number,
): Figure | null {
  const ratios = own.samples.flatMap((sample) => {
    const other = dense.samples.find(({ round }) => round === sample.round)
    if (other === undefined) return []
    // A time taken as a difference may come out as nothing or less; a ratio of such times says nothing.
    const isMeasurable = seconds(other) > 0 && seconds(sample) > 0
    return [isMeasurable ? (own.batch * seconds(other)) / (dense.batch * seconds(sample)) : Number.NaN]
  })
  return ratios.length === 0 || ratios.some(Number.isNaN) ? null : figureOf(ratios)
}

/** On logarithms, so that it is no matter which of the two is called the twin. */
function noiseOf(
  own: readonly BenchSample[],
  twin: readonly BenchSample[],
  seconds: (sample: BenchSample) => number,
): BenchNoise | null {
  const logs = twin.flatMap((sample) => {
    const partner = own.find(({ round }) => round === sample.round)
    const ratio = partner === undefined ? Number.NaN : seconds(sample) / seconds(partner)
    return ratio > 0 && Number.isFinite(ratio) ? [Math.log(ratio)] : []
  })
  if (logs.length === 0) return null
  const centre = mean(logs)
  const { low, high } = tInterval(centre, meanStandardError(logs), logs.length - 1)
  const floor = logs.length < 2 ? null : Math.expm1(Math.max(-low, high))
  return { samples: [...twin], ratio: Math.exp(centre), floor }
}

function busyOf(samples: readonly BenchSample[]): number | null {
  const shares = samples.flatMap(({ device_s, host_s }) =>
    device_s === null || device_s <= 0 || host_s <= 0 ? [] : [device_s / host_s],
  )
  return shares.length === 0 ? null : Math.min(1, Math.max(0, median(shares)))
}

function liveRatio(
  own: { cache: Pick<BenchCache, 'live_bytes'>; batch: number },
  dense: { cache: Pick<BenchCache, 'live_bytes'> | null; batch: number } | undefined,
): number | null {
  if (!dense?.cache) return null
  return own.cache.live_bytes / own.batch / (dense.cache.live_bytes / dense.batch)
}

/** `scale`: sequences of the baseline over one's own. */
function curveRecord(curve: CurveParts, dense: CurveParts | undefined, scale: number): BenchCurve {
  const { device_s, lengths, live_bytes } = curve
  const seconds = device_s.filter((value) => value !== null)
  // Both step through the same lengths; one that was stopped early has fewer.
  const shared = dense === undefined ? 0 : Math.min(lengths.length, dense.lengths.length)
  return {
    ...curve,
    device_s: seconds.length === device_s.length ? seconds : null,
    live_ratio: dense
      ? live_bytes.slice(0, shared).map((bytes, i) => (bytes * scale) / dense.live_bytes[i])
      : null,
  }
}

const figureOf = (values: readonly number[]): Figure => {
  const { low, high, confidence, enough }: MedianInterval = medianInterval(values)
  return { median: median(values), low, high, confidence, enough }
}

/** A rate from times: the longest time is the lowest rate. Null where a time taken as a difference is not above 0. */
function rateOf(tokens: number, seconds: readonly number[]): Figure | null {
  const { median, low, high, ...rest } = figureOf(seconds)
  if (!(low > 0)) return null
  return { median: tokens / median, low: tokens / high, high: tokens / low, ...rest }
}

/** Seconds of all stages; null where those of a prompt at a depth, which are differences, come out as nothing. */
export function stageSeconds(stages: Record<BenchStage, number>): number | null {
  const total = Object.values(stages).reduce((sum, seconds) => sum + seconds, 0)
  return total > 0 ? total : null
}

/** Shares of the sum of all stages; null for one that came out below 0. */
export function stageShares(stages: Record<BenchStage, number>): Record<BenchStage, number | null> {
  const total = stageSeconds(stages)
  const shares = Object.entries(stages).map(([stage, seconds]) => [
    stage,
    total === null || seconds < 0 ? null : seconds / total,
  ])
  return Object.fromEntries(shares) as Record<BenchStage, number | null>
}
