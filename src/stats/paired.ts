/**
 * A mean, or a ratio of sums, of paired differences: estimate, standard error, t-test and interval. Pure.
 * With all weights 1 it is the paired t-test; with words as weights, that of the log-probability a word.
 */
import { type Interval, sum } from './basics.js'
import { studentCdf, studentQuantile } from './distributions.js'

/** One value a unit (document, window, round), and what it is spread over. */
export interface Weighted {
  values: readonly number[]
  weights: readonly number[]
}

/** Sum of values over sum of weights. */
export const ratioOf = ({ values, weights }: Weighted): number => sum(values) / sum(weights)

/**
 * Standard error of the ratio by linearisation (Cochran, Sampling Techniques, 6.3): that of the mean of what is left
 * of each value once its weight's share is taken away.
 */
export function ratioStandardError({ values, weights }: Weighted): number {
  const n = values.length
  const ratio = ratioOf({ values, weights })
  let squares = 0
  for (let i = 0; i < n; i++) squares += (values[i] - ratio * weights[i]) ** 2
  return Math.sqrt((n / (n - 1)) * squares) / sum(weights)
}

/** Two-sided p of `estimate` differing from 0 by more than `floor`; 1 where it does not, NaN without two units. */
export function tTest(estimate: number, stderr: number, df: number, floor = 0): number {
  if (df < 1) return Number.NaN
  const beyond = Math.abs(estimate) - floor
  if (beyond <= 0) return 1
  return stderr === 0 ? 0 : 2 * studentCdf(-beyond / stderr, df)
}

export function tInterval(estimate: number, stderr: number, df: number, confidence = 0.95): Interval {
  const half = df < 1 ? Number.POSITIVE_INFINITY : studentQuantile(0.5 + confidence / 2, df) * stderr
  return { low: estimate - half, high: estimate + half }
}
