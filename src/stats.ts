/** Means and standard errors as lm-eval computes them: plain left-to-right float64 sums (eval.md section 8). Pure. */

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

/** Index of the first maximum, as numpy's argmax; -1 for an empty list. */
export function argmax(values: ArrayLike<number>): number {
  let best = -1
  for (let i = 0; i < values.length; i++) if (best < 0 || values[i] > values[best]) best = i
  return best
}
