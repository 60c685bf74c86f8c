/** Everything that a server or a network can do wrong: success after another try, or one clear line; the cache stays intact. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  COMMIT,
  checkCache,
  checkSecrets,
  checkWhole,
  failureOf,
  fetchLarge,
  type HubContext,
  TOKEN,
  withHub,
} from './fixture.js'
import { type Fault, SIGNATURE } from './server.js'

const test = suite<HubContext>('hub faults')
withHub(test)

const INFO = 'hub/api/datasets/someone/large/revision/'
const TREE = 'hub/api/datasets/someone/large/tree/'
const FILE = `store/datasets/someone/large/resolve/${COMMIT}/large.bin`
const LINK = `hub/datasets/someone/large/resolve/${COMMIT}/large.bin`
const SMALL = `hub/datasets/someone/large/resolve/${COMMIT}/small.txt`

/** With no chance in it, half of 1, 2, 4, ... seconds. */
const passing: { what: string; faults: Fault[]; waits?: number[]; notes?: RegExp; ranges?: RegExp }[] = [
  {
    what: '503 of the info',
    faults: [{ at: INFO, status: 503, times: 2 }],
    waits: [500, 1000],
    notes: /^retrying in 0\.5 s \(status 503\)/,
  },
  {
    what: '500 of a later page of the list',
    faults: [{ at: 'cursor=3', status: 500, times: 1 }],
    waits: undefined,
  },
  {
    what: '502, 504 and 408 of the list',
    faults: [
      { at: TREE, status: 502, times: 1 },
      { at: TREE, status: 504, times: 1 },
      { at: TREE, status: 408, times: 1 },
    ],
    waits: [500, 1000, 2000],
  },
  {
    what: '429 with seconds',
    faults: [{ at: FILE, status: 429, headers: { 'retry-after': '7' }, times: 1 }],
    waits: [7000],
    notes: /retrying in 7 s \(status 429\)/,
  },
  {
    what: '429 with a date',
    faults: [
      { at: TREE, status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, times: 1 },
    ],
    waits: [60_000],
  },
  {
    what: '429 with nonsense',
    faults: [{ at: TREE, status: 429, headers: { 'retry-after': 'soon' }, times: 1 }],
    waits: [500],
  },
  {
    what: 'reset of the info',
    faults: [{ at: INFO, reset: true, times: 1 }],
    waits: [500],
    notes: /a broken connection/,
  },
  {
    what: 'reset of the file',
    faults: [{ at: FILE, reset: true, times: 5 }],
    waits: [500, 1000, 2000, 4000, 8000],
  },
  {
    what: 'silent info',
    faults: [{ at: INFO, stall: 0, times: 1 }],
    waits: [500],
    notes: /no byte for 0.15 s/,
  },
  {
    what: 'list cut short',
    faults: [{ at: TREE, cut: 0.5, times: 1 }],
    waits: [500],
    notes: /a broken connection/,
  },
  {
    what: 'body cut in half',
    faults: [{ at: FILE, cut: 0.5, times: 1 }],
    waits: [500],
    ranges: /^,bytes=1\d{6}-2999999/,
  },
  { what: 'body cut again and again', faults: [{ at: FILE, cut: 0.4, times: 4 }] },
  {
    what: 'body that goes silent',
    faults: [{ at: FILE, stall: 0.5, times: 1 }],
    waits: [500],
    notes: /no byte for 0.15 s/,
    ranges: /bytes=1\d{6}-/,
  },
  {
    what: 'no first byte',
    faults: [{ at: SMALL, stall: 0, times: 1 }],
    waits: [500],
    notes: /no byte for 0.15 s/,
  },
  { what: 'slow body', faults: [{ at: FILE, drip: 40 }], waits: [] },
  {
    what: 'proper answer with too few bytes',
    faults: [{ at: FILE, short: 0.5, times: 1 }],
    waits: [500],
    notes: /ends too early/,
    ranges: /,bytes=1500000-/,
  },
  {
    what: 'proper answer with too many bytes',
    faults: [{ at: FILE, long: true, times: 1 }],
    waits: [],
    notes: /starting over/,
  },
  { what: 'other bytes', faults: [{ at: FILE, garble: true, times: 1 }], waits: [], notes: /starting over/ },
  {
    what: 'other bytes of a small file',
    faults: [{ at: SMALL, garble: true, times: 1 }],
    waits: [],
    notes: /starting over/,
  },
  {
    what: 'a server without ranges',
    faults: [
      { at: FILE, cut: 0.5, times: 1 },
      { at: FILE, noRanges: true },
    ],
    waits: [500],
  },
  {
    what: 'a range from another place',
    faults: [
      { at: FILE, cut: 0.5, times: 1 },
      { at: FILE, wrongRange: true, times: 1 },
    ],
    waits: [500, 1000],
    notes: /a part of another file/,
  },
  {
    what: 'another version from the second try on',
    faults: [
      { at: FILE, cut: 0.5, times: 1 },
      { at: FILE, etag: '"v2"' },
    ],
    waits: [500],
  },
  { what: 'a name of the version that is none', faults: [{ at: FILE, etag: 'W/"weak"' }], waits: [] },
  { what: 'the name of another content', faults: [{ at: FILE, etag: `"${'0'.repeat(64)}"` }], waits: [] },
  {
    what: 'no such range',
    faults: [
      { at: FILE, cut: 0.5, times: 1 },
      { at: FILE, status: 416, times: 1 },
    ],
    waits: [500],
    notes: /starting over/,
  },
  {
    what: 'garbage instead of the info',
    faults: [{ at: INFO, page: '<html>', times: 1 }],
    waits: [500],
    notes: /not JSON/,
  },
  {
    what: 'garbage instead of the list',
    faults: [{ at: TREE, page: '[{"type":', times: 1 }],
    waits: [500],
    notes: /not JSON/,
  },
  {
    what: 'an error page instead of the list',
    faults: [{ at: TREE, page: '{"error":"x"}', times: 1 }],
    waits: [500],
    notes: /another form/,
  },
  {
    what: 'an error whose body is garbage',
    faults: [{ at: TREE, status: 500, body: '<', times: 1 }],
    waits: [500],
    notes: /status 500/,
  },
]

for (const { what, faults, waits, notes, ranges } of passing) {
  test(`passes: ${what}`, async (context) => {
    const { server } = context
    server.faults = faults.map((fault) => ({ ...fault }))
    await checkWhole(context, await fetchLarge(context))
    if (waits !== undefined) assert.equal(context.waits, waits)
    if (notes !== undefined) assert.match(context.notes.join('\n'), notes)
    if (ranges !== undefined) assert.match(server.ranges.join(','), ranges)
  })
}

const lasting: {
  what: string
  faults: Fault[]
  says: RegExp
  hint?: RegExp
  tries?: number
  exit?: number
  keeps?: boolean
}[] = [
  {
    what: '401',
    faults: [{ at: INFO, status: 401, body: JSON.stringify({ error: TOKEN }) }],
    says: /dataset someone\/large at revision main: does not exist or needs permission, got status 401$/,
    exit: 2,
  },
  { what: '403 of the list', faults: [{ at: TREE, status: 403 }], says: /got status 403$/, exit: 2 },
  {
    what: '404 of a file',
    faults: [{ at: LINK, status: 404 }],
    says: /someone\/large\/large.bin at revision .*: does not exist, got status 404$/,
    exit: 2,
  },
  {
    what: '403 of the store',
    faults: [{ at: FILE, status: 403, body: SIGNATURE }],
    says: /got status 403$/,
    exit: 2,
  },
  {
    what: '500',
    faults: [{ at: INFO, status: 500 }],
    says: /not able to serve it now, got status 500, after 6 tries$/,
    tries: 6,
  },
  { what: '501', faults: [{ at: INFO, status: 501 }], says: /got status 501$/ },
  {
    what: '429',
    faults: [{ at: FILE, status: 429 }],
    says: /large.bin .* got status 429, after 6 tries$/,
    hint: /too many requests/,
    tries: 6,
  },
  {
    what: '429 for an hour',
    faults: [{ at: TREE, status: 429, headers: { 'retry-after': '3600' } }],
    says: /got status 429$/,
    hint: /in 60 min or more/,
  },
  {
    what: 'reset',
    faults: [{ at: FILE, reset: true }],
    says: /large.bin .*: cannot be fetched from .*, got a broken connection, after 6 tries$/,
    tries: 6,
  },
  {
    what: 'one byte a try',
    faults: [{ at: FILE, cut: 0.0001 }],
    says: /got a broken connection, after 6 tries$/,
    tries: 6,
    keeps: true,
  },
  {
    what: 'half of it a try, never a range',
    faults: [{ at: FILE, noRanges: true, cut: 0.5 } as Fault],
    says: /after 6 tries$/,
    keeps: true,
  },
  {
    what: 'silence',
    faults: [{ at: FILE, stall: 0.5 }],
    says: /got no byte for 0.15 s, after \d+ tries$/,
    keeps: true,
  },
  {
    what: 'other bytes',
    faults: [{ at: FILE, garble: true }],
    says: /^someone\/large\/large.bin: content must have hash [0-9a-f]{64}, got/,
  },
  { what: 'too many bytes', faults: [{ at: FILE, long: true }], says: /must have 3000000 bytes, got more$/ },
  {
    what: 'too few bytes of a small file',
    faults: [{ at: SMALL, short: 0.5 }],
    says: /small.txt .*: cannot be fetched from .*, got a body that ends too early, after \d tries$/,
    keeps: true,
  },
  {
    what: 'garbage instead of the info',
    faults: [{ at: INFO, page: 'null' }],
    says: /does not answer as the Hub does, got an answer of another form, after 6 tries$/,
    hint: /login page/,
    tries: 6,
  },
  {
    what: 'an info without a commit',
    faults: [{ at: INFO, page: '{"sha":"main"}' }],
    says: /must send a commit of 40 hex digits, got "main"$/,
  },
  {
    what: 'garbage instead of the list',
    faults: [{ at: TREE, page: '<html>' }],
    says: /does not answer as the Hub does, got an answer that is not JSON, after 6 tries$/,
    tries: 6,
  },
  {
    what: 'a redirect in a circle',
    faults: [{ at: LINK, redirect: `/datasets/someone/large/resolve/${COMMIT}/large.bin` }],
    says: /large.bin .*: cannot be fetched from .*, got a request that cannot be made$/,
  },
  {
    what: 'a redirect to nowhere',
    faults: [{ at: LINK, redirect: 'http://127.0.0.1:2/x' }],
    says: /got ECONNREFUSED, after 3 tries$/,
    tries: 3,
  },
  {
    what: 'a redirect to a file',
    faults: [{ at: LINK, redirect: 'file:///etc/passwd' }],
    says: /cannot be fetched from/,
  },
]

for (const { what, faults, says, hint = /./, tries, exit = 1, keeps = false } of lasting) {
  test(`fails in one line: ${what}`, async (context) => {
    const { server, settings } = context
    context.options.settings = { ...settings, token: TOKEN }
    server.faults = faults
    const failure = await failureOf(fetchLarge(context))
    assert.match(failure.message, says)
    assert.match(failure.hint ?? '', hint)
    assert.is(failure.exit, exit)
    if (tries !== undefined) assert.is(context.waits.length, tries - 1)
    checkSecrets(context.notes.join('\n'))
    assert.is((await checkCache(settings).catch(() => [])).length, keeps ? 1 : 0)
    server.faults = []
    server.ranges = []
    await checkWhole(context, await fetchLarge(context))
    if (keeps) assert.match(server.ranges.join(','), /bytes=\d+-/, 'goes on from what was kept')
  })
}

test('the token goes to the endpoint alone: not to the store, a redirect or the next page', async (context) => {
  const { server, settings } = context
  context.options.settings = { ...settings, token: TOKEN }
  await fetchLarge(context)
  assert.ok(server.tokens.hub.length > 3)
  assert.ok(server.tokens.hub.every((header) => header === `Bearer ${TOKEN}`))
  assert.equal(new Set(server.tokens.store), new Set([undefined]))
})

test.run()
