import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fetchDataset, fetchModel } from '../../src/data/hub/hub.js'
import { listCache, removeRepo } from '../../src/data/hub/inventory.js'
import { lockPath } from '../../src/data/hub/lock.js'
import { COMMIT, failureOf, type HubContext, withHub } from '../data/hub/fixture.js'
import { asp, workFolder } from './asp.js'

const test = suite<HubContext>('asp cache')
withHub(test)
const folder = workFolder()

const run = ({ settings }: HubContext, ...argv: string[]) =>
  asp(folder, ['cache', ...argv], { HF_HUB_CACHE: settings.cacheFolder })

async function fill({ options }: HubContext): Promise<void> {
  await fetchModel('someone/tiny', 'main', options)
  await fetchDataset('someone/rows', 'refs/convert/parquet', /validation/, options)
}

test('lists what is stored, and what Python stored', async (context) => {
  const { settings } = context
  const empty = await run(context)
  assert.equal([empty.status, empty.stdout], [0, `Nothing is stored in ${settings.cacheFolder}\n`])
  await fill(context)
  const python = join(settings.cacheFolder, 'datasets--Rowan--hellaswag')
  const commit = 'f'.repeat(40)
  await mkdir(join(python, 'snapshots', commit, 'data'), { recursive: true })
  await mkdir(join(python, 'blobs'))
  await writeFile(join(python, 'blobs', 'abc'), 'x'.repeat(1000))
  await writeFile(join(python, 'blobs', 'abd.incomplete'), 'x'.repeat(24))
  await symlink('../../../blobs/abc', join(python, 'snapshots', commit, 'data', 'a.parquet'))
  await symlink('../../../blobs/gone', join(python, 'snapshots', commit, 'data', 'b.parquet'))
  for (const name of ['version.txt', 'models--x y']) await writeFile(join(settings.cacheFolder, name), '1')
  await mkdir(join(settings.cacheFolder, 'somewhere--else'))

  const repos = await listCache(settings.cacheFolder)
  assert.equal(
    repos.map(({ lastUsed, ...repo }) => repo),
    [
      {
        type: 'dataset',
        name: 'Rowan/hellaswag',
        folder: 'datasets--Rowan--hellaswag',
        bytes: 1024,
        incompleteBytes: 24,
        revisions: [{ commit, refs: [], files: 1, bytes: 1000 }],
      },
      {
        type: 'dataset',
        name: 'someone/rows',
        folder: 'datasets--someone--rows',
        bytes: 51,
        incompleteBytes: 0,
        revisions: [{ commit: COMMIT, refs: ['refs/convert/parquet'], files: 2, bytes: 11 }],
      },
      {
        type: 'model',
        name: 'someone/tiny',
        folder: 'models--someone--tiny',
        bytes: 9_399_762,
        incompleteBytes: 0,
        revisions: [{ commit: COMMIT, refs: ['main'], files: 4, bytes: 9_399_722 }],
      },
    ],
  )
  assert.ok(repos.every(({ lastUsed }) => Math.abs(lastUsed.getTime() - Date.now()) < 600_000))
  const { stdout, status } = await run(context)
  assert.is(status, 0)
  assert.match(stdout, /Rowan\/hellaswag +│ dataset │ f{12} +│ +│ +1 │ +1.00 KiB/)
  assert.match(stdout, /someone\/tiny +│ model +│ 0123456789ab │ main +│ +4 │ +8.96 MiB │ \d{4}-\d\d-\d\d/)
  assert.match(stdout, '(24 bytes incomplete)')
  assert.match(stdout, `8.97 MiB in ${settings.cacheFolder}`)
})

test('clear removes what is named, after a yes', async (context) => {
  const { settings } = context
  await fill(context)
  const unasked = await run(context, 'clear', 'someone/tiny')
  assert.is(unasked.status, 2)
  assert.match(
    unasked.stderr,
    /^error: cache clear: must be confirmed.*; hint: add --yes to remove model someone\/tiny: 8.96 MiB\n$/,
  )
  const unknown = await run(context, 'clear', 'someone/rows', 'someone/else', '--yes')
  assert.match(unknown.stderr, /^error: someone\/else: is not in the cache; hint: asp cache lists what is\n$/)
  assert.is((await listCache(settings.cacheFolder)).length, 2, 'nothing is removed when one name is wrong')

  const one = await run(context, 'clear', 'someone/tiny', '--yes', '--json')
  assert.is(JSON.parse(one.stdout).bytes, 9_399_762)
  assert.equal(
    (await listCache(settings.cacheFolder)).map(({ name }) => name),
    ['someone/rows'],
  )
  const rest = await run(context, 'clear', '--yes')
  assert.is(rest.stdout, 'Removed dataset someone/rows: 51 bytes\n')
  assert.equal(await readdir(settings.cacheFolder), ['.locks'])
  assert.equal(await readdir(join(settings.cacheFolder, '.locks')), [])
  assert.is((await fetchModel('someone/tiny', 'main', context.options)).revision, COMMIT)
})

test('nothing outside the cache is removed, whatever a link says', async (context) => {
  const { settings } = context
  const { cacheFolder } = settings
  await fill(context)
  const outside = join(folder, 'outside')
  const keep = join(outside, 'models--someone--linked', 'keep.txt')
  await mkdir(join(outside, 'models--someone--linked', 'snapshots'), { recursive: true })
  await mkdir(join(outside, 'models--someone--tiny'), { recursive: true })
  await writeFile(keep, 'kept')
  await writeFile(join(outside, 'models--someone--tiny', 'keep.txt'), 'kept')
  // A repository, a folder in one, a file in one and the folder of locks that are links elsewhere.
  await symlink(join(outside, 'models--someone--linked'), join(cacheFolder, 'models--someone--linked'))
  const tiny = join(cacheFolder, 'models--someone--tiny')
  await symlink(outside, join(tiny, 'snapshots', 'f'.repeat(40)))
  await symlink(keep, join(tiny, 'blobs', 'linked'))
  await rm(join(tiny, 'refs'), { recursive: true })
  await symlink(outside, join(tiny, 'refs'))
  await rm(join(cacheFolder, '.locks'), { recursive: true })
  await symlink(outside, join(cacheFolder, '.locks'))

  assert.equal(
    (await listCache(cacheFolder)).map(({ folder }) => folder),
    ['datasets--someone--rows', 'models--someone--tiny'],
  )
  for (const folder of ['models--someone--tiny', 'models--someone--linked'])
    await removeRepo(cacheFolder, { folder })
  assert.is(await lstat(tiny).catch(() => null), null)
  assert.is(await readFile(keep, 'utf8'), 'kept')
  assert.is(await readFile(join(outside, 'models--someone--tiny', 'keep.txt'), 'utf8'), 'kept')

  for (const folder of [
    '..',
    '.',
    '',
    'models--../..',
    '../outside',
    '/etc',
    '.locks',
    'models--a/../../x',
  ]) {
    const thrown = await removeRepo(cacheFolder, { folder }).catch((error: unknown) => error)
    assert.match(String(thrown), 'not a repository')
  }
  const { stderr } = await run(context, 'clear', '../outside', '--yes')
  assert.match(stderr, /is not in the cache/)
})

test('what another process is downloading stays', async (context) => {
  const { cacheFolder } = context.settings
  await fill(context)
  const lock = lockPath(join(cacheFolder, 'models--someone--tiny'), 'a'.repeat(40))
  await writeFile(lock, JSON.stringify({ host: hostname(), process: process.pid, id: 'x' }))
  const failure = await failureOf(removeRepo(cacheFolder, { folder: 'models--someone--tiny' }))
  assert.match(failure.message, /is being downloaded by another process/)
  assert.is((await listCache(cacheFolder)).length, 2)
})

test.run()
