import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { getHFHubCachePath } from '@huggingface/hub'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type FetchProgress, fetchDataset, fetchModel } from '../../../src/data/hub/hub.js'
import { type HubSettings, hubSettings } from '../../../src/data/hub/settings.js'
import { resolveModel } from '../../../src/data/model.js'
import {
  BUNDLED,
  COMMIT,
  checkCache,
  failureOf,
  type HubContext,
  MODEL,
  storedFiles,
  TOKEN,
  TORCH_SHARDS,
  TWO_FILES,
  withHub,
} from './fixture.js'
import type { Fault } from './server.js'

const hub = suite<HubContext>('hub')
withHub(hub)

hub('fetches a model into the standard layout, once', async ({ server, settings, options: { retry } }) => {
  const seen: FetchProgress[] = []
  const options = { settings, onProgress: (progress: FetchProgress) => void seen.push(progress) }
  const first = await fetchModel('someone/tiny', 'main', options)
  const repo = join(settings.cacheFolder, 'models--someone--tiny')
  assert.is(first.revision, COMMIT)
  assert.is(first.folder, join(repo, 'snapshots', COMMIT))
  assert.equal(await readdir(first.folder), MODEL)
  assert.is(await readFile(join(repo, 'refs', 'main'), 'utf8'), COMMIT)
  assert.match(await readlink(join(first.folder, 'config.json')), /^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/)
  assert.match(await readlink(join(first.folder, 'model.safetensors')), /^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/)
  for (const name of MODEL) {
    assert.ok((await readFile(join(first.folder, name))).equals(await readFile(join(BUNDLED, name))))
  }
  const last = seen[seen.length - 1]
  assert.is(last.done, last.total)
  assert.ok(seen.every(({ done }, i) => i === 0 || done >= seen[i - 1].done))

  server.requests.length = 0
  assert.equal(await fetchModel('someone/tiny', 'main', { settings }), first)
  assert.equal(
    server.requests.map((line) => line.split('?')[0]),
    ['GET /api/models/someone/tiny/revision/main'],
  )
  server.requests.length = 0
  assert.equal(await fetchModel('someone/tiny', COMMIT, { settings }), first)
  assert.equal(await fetchModel('someone/tiny', 'main', { settings: { ...settings, offline: true } }), first)
  assert.equal(server.requests, [])

  const unreachable = { ...settings, endpoint: 'http://127.0.0.1:2' }
  assert.equal(await fetchModel('someone/tiny', 'main', { retry, settings: unreachable }), first)
})

hub('fetches all that a tokenizer without tokenizer.json is made of', async ({ settings }) => {
  const { folder } = await fetchModel('someone/two-files', 'main', { settings })
  assert.equal(await readdir(folder), TWO_FILES)
})

hub('fetches torch weights where there are no safetensors, every shard of them', async ({ settings }) => {
  const { folder } = await fetchModel('someone/torch-shards', 'main', { settings })
  assert.equal(await readdir(folder), TORCH_SHARDS)
  await rm(join(folder, TORCH_SHARDS[2]))
  const offline = { settings: { ...settings, offline: true } }
  const failure = await failureOf(fetchModel('someone/torch-shards', 'main', offline))
  assert.match(failure.message, TORCH_SHARDS[2])
})

hub('fetches the wanted files of a dataset only', async ({ server, settings }) => {
  const validation = /^data\/validation-/
  const { files, revision } = await fetchDataset('someone/rows', 'refs/convert/parquet', validation, {
    settings,
  })
  assert.is(revision, COMMIT)
  assert.equal(await Promise.all(files.map((file) => readFile(file, 'utf8'))), ['first', 'second'])
  assert.not.ok(server.requests.some((line) => line.includes('resolve') && line.includes('train')))
  const odd = await fetchDataset('someone/rows', COMMIT, /#1/, { settings })
  assert.is(await readFile(odd.files[0], 'utf8'), '{}')

  // What an earlier pattern fetched is only a part of what this one wants.
  server.requests = []
  const all = await fetchDataset('someone/rows', COMMIT, /^data\//, { settings })
  assert.is(all.files.length, 4)
  assert.equal(
    server.requests.filter((line) => line.includes('resolve')),
    [`GET /datasets/someone/rows/resolve/${COMMIT}/data/train-00000-of-00001.parquet`],
  )

  const offline = { settings: { ...settings, offline: true } }
  const cached = await fetchDataset('someone/rows', 'refs/convert/parquet', validation, offline)
  assert.equal(cached.files, files)
  await rm(files[1])
  const failure = await failureOf(fetchDataset('someone/rows', COMMIT, validation, offline))
  assert.match(failure.message, 'lacks data/validation-00001-of-00002.parquet')
  assert.match(failure.hint ?? '', '--data')
})

hub('sends the token to the endpoint alone', async ({ server, settings }) => {
  await fetchModel('someone/tiny', 'main', { settings: { ...settings, token: TOKEN } })
  assert.ok(server.tokens.hub.length > 0)
  assert.ok(server.tokens.hub.every((header) => header === `Bearer ${TOKEN}`))
  assert.equal(server.tokens.store, [undefined])
})

interface Broken {
  what: string
  id?: string
  revision?: string
  fault?: Fault
  change?: Partial<HubSettings>
  says: RegExp
  exit: number
}

const WEIGHTS_URL = `/resolve/${COMMIT}/model.safetensors`
const BROKEN: Broken[] = [
  {
    what: 'offline and not cached',
    change: { offline: true },
    says: /not cached while HF_HUB_OFFLINE/,
    exit: 2,
  },
  {
    what: 'unknown repository',
    id: 'someone/else',
    says: /someone\/else at revision main: does not exist/,
    exit: 2,
  },
  { what: 'unknown revision', revision: 'v9', says: /revision v9: does not exist/, exit: 2 },
  { what: 'no safetensors', id: 'someone/pickled', says: /has no tokenizer.json/, exit: 2 },
  {
    what: 'not allowed',
    fault: { at: '/revision/', status: 401, body: JSON.stringify({ error: `bad token ${TOKEN}` }) },
    change: { token: TOKEN },
    says: /needs permission, got status 401/,
    exit: 2,
  },
  {
    what: 'gated file',
    fault: { at: WEIGHTS_URL, status: 403 },
    says: /model.safetensors at .* got status 403/,
    exit: 2,
  },
  {
    what: 'nobody there',
    change: { endpoint: 'http://127.0.0.1:2' },
    says: /cannot be fetched from 127.0.0.1:2, got .*, after 3 tries/,
    exit: 1,
  },
  {
    what: 'a cache that cannot be written',
    change: { cacheFolder: join(BUNDLED, 'config.json') },
    says: /models--someone--tiny: the cache cannot be written, got ENOTDIR/,
    exit: 2,
  },
  { what: 'path as a revision', revision: '../../x', says: /must be a branch, tag or commit/, exit: 2 },
  { what: 'path as a name', id: '../..', says: /must be owner\/name/, exit: 2 },
  { what: 'the name of a folder', id: 'a--b/c', says: /must be owner\/name/, exit: 2 },
]

for (const { what, id = 'someone/tiny', revision, fault, change, says, exit } of BROKEN) {
  hub(`fails in one line: ${what}`, async ({ server, settings, options, waits }) => {
    if (fault !== undefined) server.faults = [fault]
    const failure = await failureOf(
      fetchModel(id, revision, { ...options, settings: { ...settings, ...change } }),
    )
    assert.match(failure.message, says)
    assert.is(failure.exit, exit)
    assert.is(waits.length, what === 'nobody there' ? 2 : 0, 'what will not pass is not tried again')
    const stored = await storedFiles(settings.cacheFolder)
    assert.ok(
      stored.every((name) => /^[0-9a-f]{40}(\.incomplete)?$/.test(name)),
      `only small files may be left, got ${stored}`,
    )
    if (fault === undefined) return
    server.faults = []
    assert.is((await fetchModel('someone/tiny', 'main', options)).revision, COMMIT)
    assert.equal(await checkCache(settings), [])
  })
}

function thrown(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Error) return `${error.stack}`
  }
  throw new Error('must fail')
}

hub('reads the environment as Python does', () => {
  const given = {
    HF_HOME: '/data/hf',
    HF_ENDPOINT: 'https://mirror.example/',
    HF_TOKEN: ' hf_x\n',
    HF_HUB_OFFLINE: 'true',
  }
  assert.equal(hubSettings(given), {
    endpoint: 'https://mirror.example',
    cacheFolder: '/data/hf/hub',
    token: 'hf_x',
    offline: true,
  })
  const { endpoint, token, offline } = hubSettings({
    HF_HOME: '/nowhere',
    HF_HUB_OFFLINE: '0',
    HF_TOKEN: '',
  })
  assert.equal([endpoint, token, offline], ['https://huggingface.co', undefined, false])
  for (const address of [
    'mirror',
    'ftp://a.example',
    `https://${TOKEN}@a.example`,
    `https://:${TOKEN}@a.example`,
  ]) {
    const failure = thrown(() => hubSettings({ HF_ENDPOINT: address }))
    assert.match(failure, /HF_ENDPOINT: must be/)
    assert.not.match(failure, TOKEN)
  }
  for (const token of [`${TOKEN}\nX: y`, `${TOKEN} x`, `${TOKEN}é`]) {
    const failure = thrown(() => hubSettings({ HF_TOKEN: token }))
    assert.match(failure, /HF_TOKEN: must be letters/)
    assert.not.match(failure, TOKEN)
  }
})

hub('finds the cache where Python and the Hub’s own library find it', () => {
  const cases: [environment: NodeJS.ProcessEnv, folder: string][] = [
    [{}, join(homedir(), '.cache', 'huggingface', 'hub')],
    [{ XDG_CACHE_HOME: '/cache' }, '/cache/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/cache', HF_HOME: '/hf' }, '/hf/hub'],
    [{ HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HUB_CACHE: '~/hub', HUGGINGFACE_HUB_CACHE: '/old' }, join(homedir(), 'hub')],
  ]
  const saved = { ...process.env }
  const names = ['XDG_CACHE_HOME', 'HF_HOME', 'HUGGINGFACE_HUB_CACHE', 'HF_HUB_CACHE']
  try {
    for (const [environment, folder] of cases) {
      assert.is(hubSettings(environment).cacheFolder, folder)
      for (const name of names) delete process.env[name]
      Object.assign(process.env, environment)
      assert.is(getHFHubCachePath().replace('~', homedir()), folder)
    }
  } finally {
    process.env = saved
  }
})

hub('resolves what --model may say', async ({ settings }) => {
  const bundled = await resolveModel(undefined)
  assert.equal([bundled.id, bundled.revision], ['asp-recall', null])
  assert.is(bundled.path, BUNDLED.replace('asp-tiny', 'asp-recall'))
  assert.is((await resolveModel('asp-tiny')).path, BUNDLED)
  assert.is((await resolveModel('asp-tiny-dense')).path, `${BUNDLED}-dense`)
  const local = { id: 'asp-tiny', revision: null, path: BUNDLED, source: 'folder' }
  assert.equal(await resolveModel(BUNDLED), local)
  assert.is((await resolveModel('./nowhere')).id, 'nowhere')
  assert.is((await resolveModel('out/ckpt.pt')).source, 'folder')
  const remote = await resolveModel('someone/tiny@main', { settings })
  assert.equal([remote.id, remote.revision], ['someone/tiny', COMMIT])

  const offline = { settings: { ...settings, offline: true } }
  assert.match(
    (await failureOf(resolveModel('gpt2', offline))).message,
    'model openai-community/gpt2 at revision main',
  )
  assert.match(
    (await failureOf(resolveModel('asp-tinny'))).hint ?? '',
    'asp-recall, asp-recall-dense, asp-tiny, asp-tiny-dense, gpt2',
  )
  assert.match((await failureOf(resolveModel('asp-tiny', { revision: 'v1' }))).message, '--revision')
  assert.match((await failureOf(resolveModel('a/b@v1', { revision: 'v2' }))).message, 'names revision v1')
})

hub.run()
