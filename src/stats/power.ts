/** What a comparison could have shown: the smallest true change that its test would find, most of the time. Pure. */
import { binomialCdf, bisect, lnGamma, normalCdf, studentQuantile } from './distributions.js'

export interface PowerOptions {
  /** Two-sided level of the test. */
  alpha: number
  power: number
}

/**
 * Power of a two-sided t-test: chance that |T| exceeds its critical value where the true mean lies `effect` standard
 * errors from 0 (noncentral t, integrated over the distribution of the sample deviation).
 */
export function tTestPower(effect: number, df: number, alpha: number): number {
  const critical = studentQuantile(1 - alpha / 2, df)
  // Density of s = sqrt(chi^2 / df), of which T = (Z + effect) / s.
  const front = Math.LN2 + (df / 2) * Math.log(df / 2) - lnGamma(df / 2)
  const found = (s: number): number =>
    Math.exp(front + (df - 1) * Math.log(s) - (df * s * s) / 2) *
    (normalCdf(effect - critical * s) + normalCdf(-effect - critical * s))
  // The normal probability falls from 1 to 0 within some 2 / critical. The density is gone eight of its deviations from 1.
  const reach = 8 / Math.sqrt(2 * df)
  return simpson(found, Math.max(1e-9, 1 - reach), 1 + reach * 1.5, 2 * Math.ceil(50 * critical))
}

/** In standard errors of the difference; Infinity without two units. */
export function detectableByT(df: number, { alpha, power }: PowerOptions): number {
  if (df < 1) return Number.POSITIVE_INFINITY
  const key = `${df} ${alpha} ${power}`
  const known = DETECTABLE.get(key)
  if (known !== undefined) return known
  let high = 4
  while (tTestPower(high, df, alpha) < power) high *= 2
  const found = bisect(0, high, (effect) => tTestPower(effect, df, alpha) - power)
  DETECTABLE.set(key, found)
  return found
}

/** Integrals are dear, and the metrics of a comparison ask for the same few. */
const DETECTABLE = new Map<string, number>()

/**
 * Most documents of `discordant` that may have gone the rarer way for an exact McNemar test to reach `alpha`; -1 where
 * even all on one side would not do (at 5 %, fewer than 6).
 */
export function mcnemarCritical(discordant: number, alpha: number): number {
  let critical = -1
  while (2 * (critical + 1) < discordant && 2 * binomialCdf(critical + 1, discordant, 0.5) <= alpha)
    critical++
  return critical
}

/** Discordant documents below which no split reaches `alpha`: 6 at 5 %. */
export const fewestDiscordant = (alpha: number): number => Math.ceil(1 - Math.log2(alpha))

/**
 * Difference of two paired shares over `n` documents that the exact McNemar test finds with `power`, given that
 * `discordant` documents go one way or the other; Infinity where it can find none.
 */
export function detectableShare(discordant: number, n: number, { alpha, power }: PowerOptions): number {
  const critical = mcnemarCritical(discordant, alpha)
  if (critical < 0) return Number.POSITIVE_INFINITY
  const chance = (rarer: number): number => mcnemarPower(rarer, discordant, critical)
  const rarer = bisect(-0.5, 0, (minus) => chance(-minus) - power)
  return ((1 + 2 * rarer) * discordant) / n
}

/** Chance of a split beyond `critical` where each discordant document goes the rarer way with probability `rarer`. */
function mcnemarPower(rarer: number, discordant: number, critical: number): number {
  return (
    binomialCdf(critical, discordant, rarer) + 1 - binomialCdf(discordant - critical - 1, discordant, rarer)
  )
}

function simpson(f: (x: number) => number, from: number, to: number, steps: number): number {
  const h = (to - from) / steps
  let total = f(from) + f(to)
  for (let i = 1; i < steps; i++) total += (i % 2 === 1 ? 4 : 2) * f(from + i * h)
  return (total * h) / 3
}
