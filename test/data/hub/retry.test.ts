import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asTrouble, HubTrouble } from '../../../src/data/hub/errors.js'
import {
  parseRetryAfter,
  RETRY,
  type RetryPolicy,
  retryWait,
  withRetries,
} from '../../../src/data/hub/retry.js'

const test = suite('hub retry')

const policy = (random: number): RetryPolicy => ({ ...RETRY, random: () => random })
const busy = (status = 503, retryAfterMs: number | null = null) =>
  new HubTrouble('status', `status ${status}`, { status, retryAfterMs })

test('waits twice as long each time, between half and all of it, up to a bound', () => {
  const waits = (random: number) => [1, 2, 3, 4, 5, 6].map((n) => retryWait(busy(), n, policy(random)))
  assert.equal(waits(0), [500, 1000, 2000, 4000, 8000, null])
  assert.equal(waits(1), [1000, 2000, 4000, 8000, 16_000, null])
  const long = { ...policy(1), retries: 99 }
  assert.is(retryWait(busy(), 50, long), RETRY.longestWaitMs)
})

test('waits as long as the server asks, a little later, unless that is too long', () => {
  assert.is(retryWait(busy(429, 60_000), 1, policy(0)), 60_000)
  assert.is(retryWait(busy(429, 60_000), 5, policy(1)), 66_000)
  assert.is(retryWait(busy(429, 0), 1, policy(0)), 0)
  assert.is(retryWait(busy(429, 60_000), 6, policy(0)), null)
  assert.is(retryWait(busy(429, RETRY.longestRetryAfterMs + 1), 1, policy(0)), null)
})

test('tells what may pass from what will not', () => {
  const statuses = {
    400: 0,
    401: 0,
    403: 0,
    404: 0,
    408: 1,
    410: 0,
    429: 1,
    500: 1,
    501: 0,
    502: 1,
    503: 1,
    504: 1,
  }
  for (const [status, isTransient] of Object.entries(statuses)) {
    assert.is(retryWait(busy(Number(status)), 1, policy(0)) !== null, isTransient === 1, status)
  }
  const fetchError = (code: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) })
  const tries = (error: unknown): number => {
    const trouble = asTrouble(error)
    if (trouble === null) throw new Error('must be trouble')
    return [1, 2, 3, 4, 5, 6].filter((n) => retryWait(trouble, n, policy(0)) !== null).length
  }
  for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']) {
    assert.is(tries(fetchError(code)), 2, code)
  }
  for (const code of ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'UND_ERR_SOCKET', 'HPE_INVALID_CONSTANT']) {
    assert.is(tries(fetchError(code)), 5, code)
  }
  for (const code of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', ''])
    assert.is(tries(fetchError(code)), 0, code)
  assert.is(asTrouble(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })), null)
})

test('reads Retry-After as seconds or as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  assert.is(parseRetryAfter(null, now), null)
  assert.is(parseRetryAfter(' 12 ', now), 12_000)
  assert.is(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', now), 30_000)
  assert.is(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now), 0)
  assert.is(parseRetryAfter('Wednesday, 31-Dec-25 00:00:00 GMT', now), 0)
  for (const odd of ['', 'soon', '-5', '1.5', '1e3', '0x10', 'in 2099', '2099 AD'])
    assert.is(parseRetryAfter(odd, now), null, odd)
})

test('takes any number for a day at most, so that a person can read it', () => {
  const day = 86_400_000
  const now = Date.parse('2026-01-01T00:00:00Z')
  for (const long of ['99999999999', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])
    assert.is(parseRetryAfter(long, now), day, long)
})

test('tells of every wait, and throws what is no trouble at once', async () => {
  const notes: string[] = []
  const waited: number[] = []
  const quick = { ...policy(1), sleep: async (ms: number) => void waited.push(ms) }
  let left = 2
  const work = async () => {
    if (left-- > 0) throw busy()
    return 'done'
  }
  assert.is(await withRetries(work, quick, (note) => notes.push(note)), 'done')
  assert.equal(notes, ['retrying in 1 s (status 503)', 'retrying in 2 s (status 503)'])
  assert.equal(waited, [1000, 2000])
  let calls = 0
  const broken = async () => {
    calls += 1
    throw new RangeError('a defect')
  }
  const thrown = await withRetries(broken, quick, () => undefined).catch((error: unknown) => error)
  assert.instance(thrown, RangeError)
  assert.is(calls, 1)
})

test.run()
