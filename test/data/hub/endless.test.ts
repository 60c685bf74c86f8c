/** Answers without a body or without an end, lists that lead in a circle: one line or another try, never a process that waits for ever. */
import { readlink, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMIT, checkCache, checkWhole, failureOf, fetchLarge, type HubContext, withHub } from './fixture.js'
import type { Fault, Mishap } from './server.js'

const test = suite<HubContext>('hub answers without end')
withHub(test)

const API = 'hub/api/datasets/someone/large/'
const SMALL = `hub/datasets/someone/large/resolve/${COMMIT}/small.txt`
const FILE = `store/datasets/someone/large/resolve/${COMMIT}/large.bin`

for (const [status, at] of [
  [204, SMALL],
  [205, FILE],
  [204, FILE],
] as const) {
  test(`a file answered with ${status} and no body is asked for again`, async (context) => {
    const { server } = context
    server.faults = [{ at, status, body: '', times: 1 }]
    await checkWhole(context, await fetchLarge(context))
    assert.ok(context.waits.length > 0)
    assert.match(context.notes.join('\n'), /a body that ends too early/)
  })
}

test('a file that never has a body ends in one line', async (context) => {
  context.server.faults = [{ at: SMALL, status: 204, body: '' }]
  assert.match((await failureOf(fetchLarge(context))).message, /a body that ends too early, after 6 tries$/)
})

const PIECE = ' '.repeat(60_000)

/** White space for as long as somebody reads, which JSON may begin with. */
const endless: Mishap = {
  answer(_request, response) {
    const send = (): void => {
      while (response.write(PIECE));
    }
    response.on('drain', send)
    send()
  },
}

/** A list whose next page is this one, or another of the same kind. */
const pages = (isNew: boolean): Mishap => {
  let count = 0
  return {
    answer({ headers, url = '' }, response) {
      count += 1
      const next = isNew ? `${url.split('?')[0]}?cursor=${count}` : url
      response.setHeader('link', `<http://${headers.host}${next}>; rel="next"`).end('[]')
    },
  }
}

const cases: [what: string, fault: Fault, says: RegExp, most: number][] = [
  [
    'info without end',
    { at: `${API}revision/`, ...endless },
    /an answer that ends, got more than 32 MiB$/,
    1,
  ],
  ['list without end', { at: `${API}tree/`, ...endless }, /an answer that ends, got more than 32 MiB$/, 20],
  ['page that leads to itself', { at: `${API}tree/`, ...pages(false) }, /a list of files that ends$/, 20],
  ['list of pages without end', { at: `${API}tree/`, ...pages(true) }, /a list of files that ends$/, 2020],
]

for (const [what, fault, says, most] of cases) {
  test(`is given up: ${what}`, async (context) => {
    const { server, settings } = context
    server.faults = [fault]
    assert.match((await failureOf(fetchLarge(context))).message, says)
    assert.ok(server.requests.length <= most, `${server.requests.length} requests`)
    assert.equal(await checkCache(settings), [])
    server.faults = []
    await checkWhole(context, await fetchLarge(context))
  })
}

test('a name that leads to another content of the repository is made anew', async (context) => {
  const { files } = await fetchLarge(context)
  const [large, small] = ['large.bin', 'small.txt'].map(
    (name) => files.find((file) => file.endsWith(name)) ?? '',
  )
  const target = await readlink(small)
  await rm(large)
  await symlink(target, large)
  await checkWhole(context, await fetchLarge(context))
  assert.is.not(await readlink(join(dirname(large), 'large.bin')), target)
})

test.run()
