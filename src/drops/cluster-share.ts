/**
 * A share of tokens out of windows, with its 95 % interval: tokens of one window die together, so windows are what is drawn, not
 * tokens. Pure.
 */
import type { ShareFigure } from '../record/drops/stats-schema.js'
import { sum, wilsonInterval, Z95 } from '../stats/basics.js'
import { studentQuantile } from '../stats/distributions.js'
import { ratioStandardError } from '../stats/paired.js'

/** Of one window: how many tokens, and how many of them are counted. */
export interface WindowCount {
  of: number
  count: number
}

/**
 * p = sum(count) / sum(of), with the standard error of a ratio over the k windows that have any (linearised, which is a
 * cluster-robust one). The interval is Wilson's at the number of independent tokens that would have this error, p (1 - p) / se^2 times
 * (z / t_{k-1})^2 for the windows being few (Korn and Graubard 1998): it stays inside [0, 1]. At most as many as there are; at p = 0
 * or 1, where nothing tells of the error, as many as windows. Null with fewer than two windows.
 */
export function clusterShare(windows: readonly WindowCount[]): ShareFigure {
  const some = windows.filter(({ of }) => of > 0)
  const values = some.map(({ count }) => count)
  const weights = some.map(({ of }) => of)
  const [of, count] = [sum(weights), sum(values)]
  if (of === 0) return { of, count, share: null, low: null, high: null }
  const share = count / of
  if (some.length < 2) return { of, count, share, low: null, high: null }
  const error = ratioStandardError({ values, weights })
  const { low, high } = wilsonInterval(share, effectiveTokens({ share, error, of, windows: some.length }))
  return { of, count, share, low, high }
}

interface Spread {
  share: number
  error: number
  of: number
  windows: number
}

function effectiveTokens({ share, error, of, windows }: Spread): number {
  if (share === 0 || share === 1) return windows
  const few = (Z95 / studentQuantile(0.975, windows - 1)) ** 2
  return error === 0 ? of : Math.min(of, (few * share * (1 - share)) / error ** 2)
}
