/**
 * Studentised bootstrap interval of a ratio of sums over units (Efron and Tibshirani, An Introduction to the Bootstrap,
 * 12.5): of the usual bootstrap intervals the one that still covers with a few dozen units or a skewed distribution.
 * Seeded: the same values always give the same interval.
 */
import type { Interval } from './basics.js'
import { ratioOf, ratioStandardError, tInterval, type Weighted } from './paired.js'

export interface BootstrapOptions {
  confidence?: number
  resamples?: number
  seed?: number
}

/** Enough that each end of a 95 % interval is decided by some 50 replicates. */
const RESAMPLES = 2000

/** Where so many resamples have no spread of their own that an end would be infinite, it is the t interval. */
export function bootstrapInterval(
  data: Weighted,
  { confidence = 0.95, resamples = RESAMPLES, seed = 1 }: BootstrapOptions = {},
): Interval {
  const [estimate, stderr] = [ratioOf(data), ratioStandardError(data)]
  if (stderr === 0) return { low: estimate, high: estimate }
  const t = studentisedReplicates(data, estimate, resamples, seededRandom(seed)).sort()
  const quantile = (p: number): number => t[Math.round(p * (resamples + 1)) - 1]
  const [least, most] = [quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)]
  if (!Number.isFinite(least) || !Number.isFinite(most))
    return tInterval(estimate, stderr, data.values.length - 1, confidence)
  return { low: estimate - most * stderr, high: estimate - least * stderr }
}

/** How many of its own standard errors each resample's ratio lies from that of the data. */
function studentisedReplicates(
  { values, weights }: Weighted,
  estimate: number,
  resamples: number,
  random: () => number,
): Float64Array {
  const n = values.length
  // What is left of each value without its weight's share: ratios of these are the distances, with no digits lost.
  const rest = values.map((value, i) => value - estimate * weights[i])
  return Float64Array.from({ length: resamples }, () => {
    let [r, w, rr, rw, ww] = [0, 0, 0, 0, 0]
    for (let i = 0; i < n; i++) {
      const pick = Math.floor(random() * n)
      const [left, weight] = [rest[pick], weights[pick]]
      r += left
      w += weight
      rr += left * left
      rw += left * weight
      ww += weight * weight
    }
    const distance = r / w
    // Squares of left - distance x weight, summed; rounding may leave less than nothing of them.
    const squares = Math.max(0, rr - 2 * distance * rw + distance * distance * ww)
    return distance === 0 ? 0 : distance / (Math.sqrt((n / (n - 1)) * squares) / w)
  })
}

/** Uniform in [0, 1), 32 bits (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
