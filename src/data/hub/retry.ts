/** When a request to the Hub is made again: exponential backoff with jitter, bounded, as long as the server asks. */
import { setTimeout } from 'node:timers/promises'
import { asTrouble, type HubTrouble } from './errors.js'

export interface RetryPolicy {
  /** Tries after the first, without progress in between. */
  retries: number
  /** The same where there is no connection at all: a machine without a network must not wait half a minute for it. */
  unreachableRetries: number
  firstWaitMs: number
  /** The same where there is no connection at all. */
  unreachableWaitMs: number
  longestWaitMs: number
  /** A Retry-After beyond this is not waited for. */
  longestRetryAfterMs: number
  /** A connection on which no byte comes for so long is given up. */
  stallMs: number
  sleep(milliseconds: number): Promise<unknown>
  /** In [0, 1). */
  random(): number
  /** Milliseconds since 1970, for a Retry-After that is a date. */
  now(): number
}

export const RETRY: RetryPolicy = {
  retries: 5,
  unreachableRetries: 2,
  firstWaitMs: 1_000,
  unreachableWaitMs: 200,
  longestWaitMs: 30_000,
  // The Hub counts requests in windows of five minutes.
  longestRetryAfterMs: 300_000,
  stallMs: 30_000,
  sleep: (milliseconds) => setTimeout(milliseconds),
  random: Math.random,
  now: Date.now,
}

/** Told before a wait: `retrying in 2 s (status 503)`. */
export type OnRetry = (note: string) => void

/**
 * Milliseconds to wait before the next try, or null to give up.
 * @param failures tries that failed since the last progress, this one included
 */
export function retryWait(trouble: HubTrouble, failures: number, policy: RetryPolicy): number | null {
  const { kind, retryAfterMs } = trouble
  const allowed = kind === 'unreachable' ? policy.unreachableRetries : policy.retries
  if (!trouble.isTransient || failures > allowed) return null
  if (retryAfterMs !== null) {
    if (retryAfterMs > policy.longestRetryAfterMs) return null
    // A little later, so that clients sent away together do not come back together.
    return retryAfterMs * (1 + 0.1 * policy.random())
  }
  const first = kind === 'unreachable' ? policy.unreachableWaitMs : policy.firstWaitMs
  const backoff = Math.min(policy.longestWaitMs, first * 2 ** (failures - 1))
  return backoff * (0.5 + 0.5 * policy.random())
}

/** Waits before another try, or throws the trouble when there is to be none; what is no trouble is thrown at once. */
export async function waitOrThrow(
  error: unknown,
  failures: number,
  policy: RetryPolicy,
  onRetry: OnRetry,
): Promise<void> {
  const trouble = asTrouble(error)
  if (trouble === null) throw error
  const wait = retryWait(trouble, failures, policy)
  if (wait === null) {
    trouble.tries = failures
    throw trouble
  }
  onRetry(`retrying in ${formatWait(wait)} (${trouble.reason})`)
  await policy.sleep(wait)
}

export async function withRetries<T>(
  work: () => Promise<T>,
  policy: RetryPolicy,
  onRetry: OnRetry,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work()
    } catch (error) {
      await waitOrThrow(error, failures, policy, onRetry)
    }
  }
}

/** Dates as HTTP writes them: `Fri, 31 Dec 1999 23:59:59 GMT`, and two older forms. Date.parse makes a date of `-5`, too. */
const HTTP_DATE = /^\w+,? .*\d\d:\d\d:\d\d( GMT| \d{4})$/

/** More is never waited for; servers may ask for any number of digits. */
const DAY_MS = 86_400_000

/** Seconds, or a date as HTTP writes it, in milliseconds from now, a day at most; null when there is none or it is neither. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? ''
  const isSeconds = /^\d+$/.test(text)
  const wait = isSeconds ? Number(text) * 1000 : HTTP_DATE.test(text) ? Date.parse(text) - now : Number.NaN
  return Number.isNaN(wait) ? null : Math.min(DAY_MS, Math.max(0, wait))
}

function formatWait(milliseconds: number): string {
  const seconds = milliseconds / 1000
  return seconds < 1 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`
}
