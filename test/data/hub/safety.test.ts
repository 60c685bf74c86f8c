/** Partial files, two processes at once, and listings that lie: nothing but whole contents, and nothing outside the cache. */
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fetchDataset } from '../../../src/data/hub/hub.js'
import { listCache } from '../../../src/data/hub/inventory.js'
import type { HubSettings } from '../../../src/data/hub/settings.js'
import {
  COMMIT,
  checkCache,
  checkWhole,
  failureOf,
  fetchLarge,
  type HubContext,
  LARGE,
  withHub,
} from './fixture.js'
import type { TreeEntry } from './server.js'

const test = suite<HubContext>('hub cache safety')
withHub(test)

const FILE = `store/datasets/someone/large/resolve/${COMMIT}/large.bin`

const blobs = ({ cacheFolder }: HubSettings): string => join(cacheFolder, 'datasets--someone--large', 'blobs')

async function blobName(context: HubContext): Promise<string> {
  await fetchLarge(context)
  const name = (await readdir(blobs(context.settings))).find((each) => each.length === 64)
  assert.type(name, 'string')
  return String(name)
}

test('a partial file is continued by another process, whatever is in it', async (context) => {
  const { server, settings } = context
  const name = await blobName(context)
  const whole = join(blobs(settings), name)
  const partial = `${whole}.incomplete`
  const cases: [what: string, left: Uint8Array, ranges: (string | undefined)[]][] = [
    ['a part', LARGE.subarray(0, 1_234_567), ['bytes=1234567-2999999']],
    ['nothing', new Uint8Array(), [undefined]],
    ['all', LARGE, []],
    ['more than all', Buffer.concat([LARGE, LARGE]), [undefined]],
    ['a part of something else', Buffer.alloc(1_000_000, 7), ['bytes=1000000-2999999', undefined]],
    ['as much of something else', Buffer.alloc(3_000_000, 7), [undefined]],
  ]
  for (const [what, left, ranges] of cases) {
    await truncate(whole, 1)
    await writeFile(partial, left)
    server.ranges = []
    await checkWhole(context, await fetchLarge(context))
    assert.equal(server.ranges, ranges, what)
  }
  // A link in the place of a partial file would be written through.
  await truncate(whole, 1)
  const outside = join(settings.cacheFolder, '..', `${name}.outside`)
  await symlink(outside, partial)
  assert.match((await failureOf(fetchLarge(context))).message, /cache cannot be written, got ELOOP/)
  assert.is(await stat(outside).catch(() => null), null)
})

test('two at once fetch a content once', async (context) => {
  const { server } = context
  server.faults = [{ at: FILE, drip: 20 }]
  const both = await Promise.all([fetchLarge(context), fetchLarge(context)])
  for (const each of both) await checkWhole(context, each)
  assert.is(server.requests.filter((line) => line.includes('large.bin')).length, 1)
  assert.match(context.notes.join('\n'), /waiting for process \d+ on .*, which fetches it/)
})

test('a lock whose owner is gone holds nobody up', async (context) => {
  const name = await blobName(context)
  const { cacheFolder } = context.settings
  const lock = join(cacheFolder, '.locks', 'datasets--someone--large', `${name}.asp.lock`)
  const owners = ['', 'null', JSON.stringify({ host: 'elsewhere', process: 1, id: 'x' })]
  for (const owner of owners) {
    await truncate(join(blobs(context.settings), name), 1)
    await mkdir(dirname(lock), { recursive: true })
    await writeFile(lock, owner)
    await utimes(lock, new Date(0), new Date(0))
    await checkWhole(context, await fetchLarge(context))
  }
  // Killed while it made its lock, some seconds ago.
  await truncate(join(blobs(context.settings), name), 1)
  await writeFile(lock, '')
  const before = Date.now() / 1000 - 10
  await utimes(lock, before, before)
  await checkWhole(context, await fetchLarge(context))
  assert.not.match(context.notes.join('\n'), /waiting for/)
  await truncate(join(blobs(context.settings), name), 1)
  await writeFile(lock, JSON.stringify({ host: hostname(), process: 2 ** 22 + 1, id: 'x' }))
  await checkWhole(context, await fetchLarge(context))
})

test('a process that is interrupted takes its lock with it, and the next fetch takes away what a kill left', async (context) => {
  const name = await blobName(context)
  const { cacheFolder } = context.settings
  const lock = join(cacheFolder, '.locks', 'datasets--someone--large', `${name}.asp.lock`)
  const module = new URL('../../../src/data/hub/lock.ts', import.meta.url).href
  const code = `const { withLock } = await import('${module}'); await withLock('${lock}', () => {}, () => process.exit(3))`
  const { status, stderr } = spawnSync(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    code,
  ])
  assert.is(status, 3, String(stderr))
  assert.is(await stat(lock).catch(() => null), null)
  // Nobody waits for this content, which is there.
  await writeFile(lock, JSON.stringify({ host: hostname(), process: 2 ** 22 + 1, id: 'x' }))
  await checkWhole(context, await fetchLarge(context))
})

test('what a kill left of a ref is written over, and is no revision', async (context) => {
  const { cacheFolder } = context.settings
  await blobName(context)
  const folder = join(cacheFolder, 'datasets--someone--large')
  await writeFile(join(folder, 'refs/main.asp.tmp'), COMMIT.slice(0, 7))
  const [{ revisions }] = await listCache(cacheFolder)
  assert.equal(
    revisions.map(({ refs }) => refs),
    [['main']],
  )
  await checkWhole(context, await fetchLarge(context))
  assert.equal(await readdir(join(folder, 'refs')), ['main'])
})

type Rewrite = (entry: TreeEntry) => unknown
const BAD_LISTS: [what: string, rewrite: Rewrite, says: RegExp][] = [
  ...[
    '../../../../escaped',
    '..',
    '/tmp/escaped',
    'a\\..\\..\\escaped',
    '..\\escaped',
    'C:escaped',
    'c:\\escaped',
    'a//b',
    'a/./b',
    'a/.. /b',
    'a/',
    'nul\0byte',
    'line\nbreak',
  ].map((path): [string, Rewrite, RegExp] => [
    `path ${JSON.stringify(path)}`,
    (entry) => ({ ...entry, path }),
    /must send paths inside the repository, got "/,
  ]),
  ['a path that is no text', (entry) => ({ ...entry, path: 7 }), /paths inside the repository, got 7/],
  [
    'a hash that is a path',
    (entry) => ({ ...entry, oid: '../../../escaped', lfs: undefined }),
    /must send a SHA-1 or SHA-256/,
  ],
  ['no hash', ({ oid, lfs, ...entry }) => entry, /must send a SHA-1 or SHA-256 for .*, got ""/],
  ['no size', ({ size, lfs, ...entry }) => entry, /must send a size in bytes for .*, got nothing/],
  ['a size below 0', (entry) => ({ ...entry, size: -1, lfs: undefined }), /a size in bytes for .*, got -1/],
  [
    'a size beyond the disk',
    (entry) => ({ ...entry, size: 2 ** 52, lfs: undefined }),
    /must have \d+.00 GiB free/,
  ],
  [
    'a file below a file',
    (entry) => ({ ...entry, path: entry.path.replace('large.bin', 'small.txt/x') }),
    /must send small.txt as a file or as a folder, got both/,
  ],
  ['nothing but null', () => null, /does not answer as the Hub does/],
]

for (const [what, rewrite, says] of BAD_LISTS) {
  test(`refuses a list with ${what}`, async (context) => {
    const { server, settings } = context
    const before = await readdir(join(settings.cacheFolder, '..'))
    server.rewriteTree = (entries) => entries.map(rewrite)
    assert.match((await failureOf(fetchLarge(context))).message, says)
    assert.equal(await checkCache(settings), [])
    const outside = await readdir(join(settings.cacheFolder, '..'))
    assert.not.ok(outside.some((name) => name.includes('escaped') && !before.includes(name)))
  })
}

test('a wrong size in the list ends in one line, and leaves nothing', async (context) => {
  const { server, settings } = context
  for (const difference of [-100, 100]) {
    server.rewriteTree = (entries) =>
      entries.map((entry) => ({
        ...entry,
        lfs: entry.lfs && { ...entry.lfs, size: entry.lfs.size + difference },
      }))
    assert.match((await failureOf(fetchLarge(context))).message, /large.bin/)
    server.rewriteTree = (entries) => entries
    await checkWhole(context, await fetchLarge(context))
    await truncate(join(blobs(settings), await blobName(context)), 1)
  }
})

test('a pattern of a suite cannot name files outside', async (context) => {
  const failure = await failureOf(fetchDataset('someone/large', 'main', /^\.\.\/.*$/, context.options))
  assert.match(failure.message, 'has no /')
  assert.equal(await checkCache(context.settings), [])
})

test.run()
