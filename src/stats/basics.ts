/** Means and standard errors as lm-eval computes them: plain left-to-right float64 sums (docs/lm-eval.md, Standard errors). Pure. */

export function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]
  return total
}

export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length
}

/** Standard deviation with n - 1 in the denominator; NaN for fewer than two values. */
export function sampleDeviation(values: ArrayLike<number>): number {
  const centre = mean(values)
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += (values[i] - centre) ** 2
  return Math.sqrt(squares / (values.length - 1))
}

/** Standard error of the mean. For 0/1 data it is sqrt(p (1 - p) / (n - 1)). */
export function meanStandardError(values: ArrayLike<number>): number {
  return sampleDeviation(values) / Math.sqrt(values.length)
}

/** Index of the first maximum, or of the first NaN where there is one, as numpy's argmax; -1 for an empty list. */
export function argmax(values: ArrayLike<number>): number {
  let best = -1
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) return i
    if (best < 0 || values[i] > values[best]) best = i
  }
  return best
}

/** One suite's figure that goes into a group's. */
export interface GroupMember {
  value: number
  /** Null where there is none: then the group has none. */
  stderr: number | null
  documents: number
}

/**
 * A group's figure as lm-eval aggregates subtasks (docs/lm-eval.md, Groups). By size, the standard error is the pooled one;
 * for a plain mean it is that of a mean of independent values (lm-eval 0.4.13's `unweighted_mean_stderr`).
 */
export function groupFigure(
  members: readonly GroupMember[],
  bySize: boolean,
): { value: number; stderr: number | null } {
  const k = members.length
  const sizes = members.map(({ documents }) => (bySize ? documents : 1))
  const value = sum(members.map((member, i) => member.value * sizes[i])) / sum(sizes)
  const errors = members.map(({ stderr }) => stderr ?? Number.NaN)
  if (errors.some(Number.isNaN)) return { value, stderr: null }
  if (!bySize) return { value, stderr: Math.sqrt(sum(errors.map((e) => e ** 2))) / k }
  const n = sum(sizes)
  const pooled =
    sum(members.map(({ documents }, i) => (documents - 1) * errors[i] ** 2 * documents)) / (n - k)
  return { value, stderr: Math.sqrt(pooled / n) }
}

export interface Interval {
  low: number
  high: number
}

/** The standard normal's 97.5 % point. */
export const Z95 = 1.959963984540054

/** 95 % interval of a share of `n` documents (Wilson's score interval): never outside [0, 1], sound for small n and at 0 and 1. */
export function wilsonInterval(share: number, n: number): Interval {
  const z2 = Z95 ** 2 / n
  const centre = (share + z2 / 2) / (1 + z2)
  const half = Math.sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2)
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** 95 % interval of a figure by its standard error. */
export function normalInterval(value: number, stderr: number): Interval {
  return { low: value - Z95 * stderr, high: value + Z95 * stderr }
}

/** 95 % interval of a positive figure, taken on its logarithm, whose standard error is stderr / value: never below 0. */
export function logInterval(value: number, stderr: number): Interval {
  const factor = Math.exp((Z95 * stderr) / value)
  return { low: value / factor, high: value * factor }
}

/** Middle value, or the mean of the two middle ones; NaN for an empty list. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export interface MedianInterval extends Interval {
  /** Chance that such an interval holds the median, whatever the distribution. */
  confidence: number
  /** False when there are too few values for the confidence asked for: then it is the whole range. */
  enough: boolean
}

/**
 * Interval of the median from order statistics, as benchstat gives it: the k-th smallest to the k-th largest value
 * holds it with probability 1 - 2 P(Binomial(n, 1/2) < k). At 95 % that takes at least 6 values.
 */
export function medianInterval(values: ArrayLike<number>, confidence = 0.95): MedianInterval {
  const sorted = Float64Array.from(values).sort()
  const n = sorted.length
  let found = { low: sorted[0], high: sorted[n - 1], confidence: 1 - 2 ** (1 - n), enough: false }
  // P(Binomial < k) grows by one term a turn.
  let term = 2 ** -n
  let below = term
  for (let k = 1; 2 * k <= n + 1 && 1 - 2 * below >= confidence; k++) {
    found = { low: sorted[k - 1], high: sorted[n - k], confidence: 1 - 2 * below, enough: true }
    term *= (n - k + 1) / k
    below += term
  }
  return n === 0 ? { low: Number.NaN, high: Number.NaN, confidence: 0, enough: false } : found
}
