/**
 * Paired shares: documents that only one of two runs got right. Those both got right, or both wrong, say nothing of
 * the difference. Pure.
 */
import type { Interval } from './basics.js'
import { binomialCdf, bisect, normalQuantile } from './distributions.js'

/** Documents by what became of them. */
export interface Flips {
  /** Wrong in the base, right in the new run. */
  gained: number
  lost: number
}

/** Exact McNemar test, two-sided: were gains and losses equally likely, the chance of a split at least so uneven. */
export function mcnemarTest({ gained, lost }: Flips): number {
  const n = gained + lost
  return Math.min(1, 2 * binomialCdf(Math.min(gained, lost), n, 0.5))
}

/**
 * Score interval of the difference of two paired shares, new minus base, over `n` documents (Tango 1998, Statistics in
 * Medicine 17:891): sound for few discordant documents, where the plain interval has no width.
 */
export function pairedShareInterval({ gained, lost }: Flips, n: number, confidence = 0.95): Interval {
  const z = normalQuantile(0.5 + confidence / 2)
  const estimate = (gained - lost) / n
  const score = (delta: number): number => {
    // Maximum-likelihood share of losses given the difference: the root of 2 n q^2 + b q + c = 0.
    const b = -gained - lost + (2 * n - gained + lost) * delta
    const c = -lost * delta * (1 - delta)
    const q = (Math.sqrt(b * b - 8 * n * c) - b) / (4 * n)
    const variance = n * (2 * q + delta * (1 - delta))
    return variance <= 0 ? 0 : (gained - lost - n * delta) / Math.sqrt(variance)
  }
  // The score falls as the difference grows; at the ends of the range it has no variance left.
  return {
    low: estimate <= -1 ? -1 : bisect(-1, estimate, (delta) => z - score(delta)),
    high: estimate >= 1 ? 1 : bisect(estimate, 1, (delta) => -z - score(delta)),
  }
}
