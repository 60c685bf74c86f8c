/** Probabilities and quantiles of the distributions that tests need: normal, Student's t, binomial. Pure, to about 1e-12. */

/** Natural logarithm of the gamma function, x > 0 (Lanczos, g = 7, nine terms). */
export function lnGamma(x: number): number {
  const TERMS = [
    0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406,
    12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ]
  const z = x - 1
  const t = z + 7.5
  const series = TERMS.reduce((sum, term, i) => (i === 0 ? term : sum + term / (z + i)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(series)
}

/**
 * Regularised incomplete beta function I_x(a, b), by its continued fraction (modified Lentz; Numerical Recipes 6.4).
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const TINY = 1e-300
  const safe = (value: number): number => (Math.abs(value) < TINY ? TINY : value)
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    result *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return result
}

/** P(Z <= z): the series of the integral near 0, the continued fraction of the tail beyond. */
export function normalCdf(z: number): number {
  const x = Math.abs(z)
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)
  if (x < 3) {
    let term = x
    let total = x
    for (let k = 1; Math.abs(term) > 1e-17 * total; k++) {
      term *= (x * x) / (2 * k + 1)
      total += term
    }
    return z < 0 ? 0.5 - density * total : 0.5 + density * total
  }
  let fraction = 0
  for (let k = 200; k >= 1; k--) fraction = k / (x + fraction)
  const tail = density / (x + fraction)
  return z < 0 ? tail : 1 - tail
}

/** The z with P(Z <= z) = p. */
export const normalQuantile = (p: number): number => quantile(p, normalCdf)

/** P(T <= t) with `df` degrees of freedom. */
export function studentCdf(t: number, df: number): number {
  const tail = 0.5 * incompleteBeta(df / (df + t * t), df / 2, 0.5)
  return t > 0 ? 1 - tail : tail
}

/** The t with P(T <= t) = p. */
export const studentQuantile = (p: number, df: number): number => quantile(p, (t) => studentCdf(t, df))

/** P(X <= k) of n trials that succeed with probability p. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0
  if (k >= n) return 1
  return incompleteBeta(1 - p, n - k, k + 1)
}

/** Where a distribution function symmetric about 0 reaches p, by bisection: some 60 evaluations, no special cases. */
function quantile(p: number, cdf: (x: number) => number): number {
  if (p === 0.5) return 0
  if (p > 0.5) return -quantile(1 - p, cdf)
  let low = -1
  while (cdf(low) > p) low *= 2
  return bisect(low, 0, (x) => cdf(x) - p)
}

/** A zero of an increasing function between `low` and `high`. */
export function bisect(low: number, high: number, f: (x: number) => number): number {
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (f(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
