/**
 * A share of tokens out of windows, with its 95 % interval: tokens of one window die together, so windows are what is drawn, not
 * tokens. Pure.
 */
import type { ShareFigure } from '../record/drop-stats-schema.js'
import { wilsonInterval } from '../stats.js'

/** Of one window: how many tokens, and how many of them are counted. */
export interface WindowCount {
  of: number
  count: number
}

/**
 * p = sum(count) / sum(of), with the ratio's standard error over windows (linearised, equal to a cluster-robust one):
 * se^2 = k / (k - 1) * sum((count_i - p of_i)^2) / sum(of)^2 over the k windows that have any. The interval is Wilson's at the number of
 * independent tokens that would have this error, p (1 - p) / se^2, so that it stays inside [0, 1] (Korn and Graubard 1998); at
 * most as many as there are, and at p = 0 or 1 as many as windows. Null with fewer than two windows.
 */
export function clusterShare(windows: readonly WindowCount[]): ShareFigure {
  const some = windows.filter(({ of }) => of > 0)
  const of = some.reduce((sum, one) => sum + one.of, 0)
  const count = some.reduce((sum, one) => sum + one.count, 0)
  if (of === 0) return { of, count, share: null, low: null, high: null }
  const share = count / of
  if (some.length < 2) return { of, count, share, low: null, high: null }
  const { low, high } = wilsonInterval(share, effectiveTokens(some, share, of))
  return { of, count, share, low, high }
}

function effectiveTokens(windows: readonly WindowCount[], share: number, of: number): number {
  const spread = share * (1 - share)
  if (spread === 0) return windows.length
  const error = shareError(windows, share)
  return error === 0 ? of : Math.min(of, spread / error ** 2)
}

/** The standard error of the share. */
export function shareError(windows: readonly WindowCount[], share: number): number {
  const k = windows.length
  const total = windows.reduce((sum, { of }) => sum + of, 0)
  const squares = windows.reduce((sum, { of, count }) => sum + (count - share * of) ** 2, 0)
  return Math.sqrt((k / (k - 1)) * squares) / total
}
