/**
 * A pair -> what it shows: gain with interval, p, and the gain it could have shown. Gains are positive where the new run is
 * better: a difference in the metric's unit, or the logarithm of a ratio. Pure.
 */
import type { Method } from '../record/compare/schema.js'
import { type Interval, mean, meanStandardError } from '../stats/basics.js'
import { bootstrapInterval } from '../stats/bootstrap.js'
import { clusterSums, sharedClusters } from '../stats/clusters.js'
import { normalQuantile } from '../stats/distributions.js'
import { type Flips, mcnemarTest, pairedShareInterval } from '../stats/mcnemar.js'
import { ratioOf, ratioStandardError, tInterval, tTest, type Weighted } from '../stats/paired.js'
import { detectableByT, detectableShare, mcnemarCritical, type PowerOptions } from '../stats/power.js'
import type { Pair, PairedVerdict } from './pairs.js'

export interface Measured {
  gain: number
  interval: Interval | null
  /** Null where nothing is tested. */
  p: number | null
  method: Method
  n: number
  flips: Flips | null
  /** All units are equal in both runs. */
  identical: boolean
  /** The gain identical runs show; null where it was not measured or there is no noise. */
  floor: number | null
  /** Standard error of the gain; null where there is none. */
  stderr: number | null
  /** Smallest gain or loss the test finds with the power, at a level. */
  detectable(options: PowerOptions): number
}

/** Units from which a bootstrap has something to draw from, and up to which it differs from the t interval. */
const BOOTSTRAP_UNITS = { least: 10, most: 1000 }

export function measure(pair: Pair, confidence: number): Measured {
  const { data } = pair
  if (data.kind === 'verdicts') return measureVerdicts(data.documents, confidence)
  if (data.kind === 'means') return measureMeans(data.suites, confidence)
  if (data.kind === 'gains') return measureGains(data, confidence)
  if (data.kind === 'rounds') return measureRounds(data.base, data.new, data.floor, confidence)
  const { base, new: value, scale, higherIsBetter } = pair
  const change = scale === 'ratio' ? Math.log(value / base) : value - base
  return {
    gain: value === base ? 0 : higherIsBetter ? change : -change,
    interval: null,
    p: null,
    method: 'size alone',
    n: 1,
    flips: null,
    identical: value === base,
    floor: null,
    stderr: null,
    detectable: () => 0,
  }
}

const countFlips = (documents: readonly PairedVerdict[]): Flips => ({
  gained: documents.filter((one) => one.new > one.base).length,
  lost: documents.filter((one) => one.new < one.base).length,
})

function measureVerdicts(documents: readonly PairedVerdict[], confidence: number): Measured {
  const n = documents.length
  const flips = countFlips(documents)
  const discordant = flips.gained + flips.lost
  if (clustersOf(documents)) return measureMeans([documents], confidence)
  return {
    gain: (flips.gained - flips.lost) / n,
    interval: pairedShareInterval(flips, n, confidence),
    p: mcnemarTest(flips),
    method: 'exact McNemar, score interval',
    n,
    flips,
    identical: discordant === 0,
    floor: null,
    stderr: Math.sqrt(discordant - (flips.gained - flips.lost) ** 2 / n) / n,
    detectable: (options) => detectableShare(discordant, n, options),
  }
}

/**
 * A mean of means as the mean over all documents, each multiplied by what it counts, with errors over clusters where documents come
 * in them. A few flips can look certain to a t-test, so p is never below that of the flips alone.
 */
function measureMeans(suites: readonly (readonly PairedVerdict[])[], confidence: number): Measured {
  const documents = suites.flat()
  const n = documents.length
  const values = suites.flatMap((suite) =>
    suite.map((one) => ((one.new - one.base) * n) / (suites.length * suite.length)),
  )
  const clusters = clustersOf(documents)
  const found = measureGains({ values, weights: values.map(() => 1), clusters }, confidence)
  const flips = countFlips(documents)
  return {
    ...found,
    p: Math.max(found.p ?? 1, mcnemarTest(flips)),
    method: clusters
      ? 'paired t over clusters and exact McNemar'
      : 'paired t and exact McNemar, bootstrap interval',
    flips,
    detectable: (options) =>
      mcnemarCritical(flips.gained + flips.lost, options.alpha) < 0
        ? Number.POSITIVE_INFINITY
        : found.detectable(options),
  }
}

const clustersOf = (documents: readonly PairedVerdict[]): string[] | undefined =>
  sharedClusters(documents.map(({ cluster }) => cluster))

/** `clusters`: what each unit is of, where units are not drawn independently; their sums are then what is. */
function measureGains(
  { clusters, ...units }: Weighted & { clusters?: readonly string[] },
  confidence: number,
): Measured {
  const data = clusters ? clusterSums(units, clusters) : units
  const n = data.values.length
  const [gain, stderr] = [ratioOf(data), ratioStandardError(data)]
  const bootstrapped = n >= BOOTSTRAP_UNITS.least && n <= BOOTSTRAP_UNITS.most
  return {
    gain,
    interval:
      n < 2
        ? null
        : bootstrapped
          ? bootstrapInterval(data, { confidence })
          : tInterval(gain, stderr, n - 1, confidence),
    p: n < 2 ? null : tTest(gain, stderr, n - 1),
    method: clusters ? 'paired t over clusters' : bootstrapped ? 'paired t, bootstrap interval' : 'paired t',
    n: units.values.length,
    flips: null,
    identical: units.values.every((value) => value === 0),
    floor: null,
    stderr: n < 2 ? null : stderr,
    detectable: (options) => (n < 2 ? Number.POSITIVE_INFINITY : detectableByT(n - 1, options) * stderr),
  }
}

/** Two runs' own rounds: Welch's t, of the part of the difference that lies beyond the floor. */
function measureRounds(
  base: readonly number[],
  other: readonly number[],
  floor: number | null,
  confidence: number,
): Measured {
  const gain = mean(other) - mean(base)
  const enough = base.length > 1 && other.length > 1
  const [a, b] = [base, other].map((logs) => meanStandardError(logs) ** 2)
  const stderr = Math.sqrt(a + b)
  const df =
    stderr === 0 ? base.length - 1 : (a + b) ** 2 / (a ** 2 / (base.length - 1) + b ** 2 / (other.length - 1))
  return {
    gain,
    interval: enough ? tInterval(gain, stderr, df, confidence) : null,
    p: enough && floor !== null ? tTest(gain, stderr, df, floor) : null,
    method: 'rounds beyond the noise floor',
    n: Math.min(base.length, other.length),
    flips: null,
    identical: base.length === other.length && base.every((log, i) => log === other[i]),
    floor,
    stderr: enough ? stderr : null,
    detectable: (options) =>
      enough && floor !== null ? floor + detectableByT(df, options) * stderr : Number.POSITIVE_INFINITY,
  }
}

/** The loss that is called worse with the power: significant, and its estimate beyond the margin. */
export function detectableLoss(
  { detectable, stderr }: Measured,
  margin: number,
  options: PowerOptions,
): number {
  const beyond = margin + normalQuantile(options.power) * (stderr ?? 0)
  return Math.max(detectable(options), beyond)
}
