/** Repositories of weights that bring their own sizes and tokens: which file is taken, which is asked for, and how it is named. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../../src/data/checkpoint.js'
import { looksLikePath, resolveModel } from '../../../src/data/model.js'
import { loadTokenizer } from '../../../src/data/tokenizer.js'
import { fetchTarget, planTargets } from '../../../src/suites/fetch.js'
import { unpackFixtures } from '../weight-fixtures.js'
import { BUNDLED, COMMIT, checkCache, failureOf, type HubContext, withHub } from './fixture.js'
import type { HubRepo } from './server.js'

const text = (value: string) => new TextEncoder().encode(value)

async function repos(): Promise<HubRepo[]> {
  const fixtures = await unpackFixtures()
  const read = (path: string) => readFile(fixtures.folder(path))
  const repo = (name: string, files: HubRepo['files']): HubRepo => ({
    type: 'model',
    name: `someone/${name}`,
    commit: COMMIT,
    files: { 'README.md': text('#'), ...files },
  })
  const gguf = { 'f16.gguf': await read('gguf/f16.gguf'), 'q8_0.gguf': await read('gguf/q8_0.gguf') }
  const all = [
    repo('nano', {
      'ckpt.pt': await read('nanogpt/ckpt.pt'),
      'meta.pkl': await read('nanogpt/meta.pkl'),
      'config.json': await read('nanogpt/config.json'),
      'optimizer.pt': text('x'),
    }),
    repo('llmc', {
      'model_00000003.bin': await read('llmc/model_00000003.bin'),
      'state_00000003.txt': text('x'),
    }),
    repo('gguf', { 'q8_0.gguf': gguf['q8_0.gguf'] }),
    repo('ggufs', gguf),
    repo('both', {
      ...gguf,
      'model.safetensors': await read('safetensors/model.safetensors'),
      'config.json': await read('safetensors/config.json'),
      'tokenizer.json': await readFile(join(BUNDLED, 'tokenizer.json')),
    }),
    repo('below', {
      'run/ckpt.pt': await read('nanogpt/ckpt.pt'),
      'run/meta.pkl': await read('nanogpt/meta.pkl'),
      'run/config.json': await read('nanogpt/config.json'),
    }),
    repo('odd', {
      'weights.pt': await read('nanogpt/ckpt.pt'),
      'config.json': await read('nanogpt/config.json'),
      'training_args.bin': text('x'),
    }),
  ]
  await fixtures.remove()
  return all
}

const test = suite<HubContext>('weight files of the Hub')
withHub(test, repos)

const ALONE = [
  ['nano', 'nanogpt', ['ckpt.pt', 'config.json', 'meta.pkl']],
  ['llmc', 'llm.c', ['model_00000003.bin']],
  ['gguf', 'gguf', ['q8_0.gguf']],
  ['both', 'safetensors', ['config.json', 'model.safetensors', 'tokenizer.json']],
] as const
for (const [name, kind, files] of ALONE) {
  test(`${name}: the one file is fetched, with what belongs to it, and found again offline`, async (context) => {
    const { settings, options } = context
    const model = await resolveModel(`someone/${name}`, options)
    assert.equal([model.id, model.source, model.revision], [`someone/${name}`, 'hub', COMMIT])
    assert.equal((await readdir(model.path)).sort(), [...files])
    const checkpoint = await openCheckpoint(model.path)
    assert.is(checkpoint.kind, kind)
    if (name === 'nano' || name === 'gguf')
      await loadTokenizer(checkpoint.tokenizer, checkpoint.config.vocabSize)
    assert.equal(await checkCache(settings), [])
    const offline = await resolveModel(`someone/${name}`, { settings: { ...settings, offline: true } })
    assert.equal(offline, model)
  })
}

test('several are listed, and one is named after a colon', async ({ settings, options, server }) => {
  const failure = await failureOf(resolveModel('someone/ggufs', options))
  assert.is(failure.message, 'someone/ggufs: must hold one gguf model, got f16.gguf, q8_0.gguf')
  assert.is(failure.hint, 'name the file: --model someone/ggufs:q8_0.gguf')
  const pinned = await failureOf(resolveModel(`someone/ggufs@${COMMIT}`, options))
  assert.is(pinned.hint, `name the file: --model someone/ggufs@${COMMIT}:q8_0.gguf`)
  for (const [at, file] of [
    ['', 'f16.gguf'],
    [`@${COMMIT}`, 'q8_0.gguf'],
  ]) {
    const model = await resolveModel(`someone/ggufs${at}:${file}`, options)
    assert.equal([model.id, basename(model.path)], ['someone/ggufs', file])
    assert.is((await openCheckpoint(model.path)).kind, 'gguf')
  }
  // One that lies in the cache is not all that there is.
  assert.match(
    (await failureOf(resolveModel(`someone/ggufs@${COMMIT}`, options))).message,
    /must hold one gguf/,
  )
  server.requests.length = 0
  const offline = { settings: { ...settings, offline: true } }
  assert.match((await resolveModel('someone/ggufs:f16.gguf', offline)).path, /f16\.gguf$/)
  assert.equal(server.requests, [])
})

test('a named file wins over better weights, and may lie in a folder', async ({ options }) => {
  const named = await resolveModel('someone/both:f16.gguf', options)
  assert.is((await openCheckpoint(named.path)).kind, 'gguf')
  const below = await resolveModel('someone/below:run/ckpt.pt', options)
  const checkpoint = await openCheckpoint(below.path)
  assert.is(checkpoint.kind, 'nanogpt')
  assert.equal((await readdir(join(below.path, '..'))).sort(), ['ckpt.pt', 'config.json', 'meta.pkl'])
})

test('what is not there, and what has another name, is said', async ({ options, settings }) => {
  const gone = await failureOf(resolveModel('someone/ggufs:q4.gguf', options))
  assert.is(gone.message, 'model someone/ggufs at revision main: has no q4.gguf')
  const outside = await failureOf(resolveModel('someone/ggufs:../../x.gguf', options))
  assert.match(outside.message, /has no \.\.\/\.\.\/x\.gguf/)
  const odd = await failureOf(resolveModel('someone/odd', options))
  assert.is(odd.message, 'someone/odd: must have weights that asp knows by name, got weights.pt')
  assert.is(odd.hint, 'name the file: --model someone/odd:weights.pt')
  assert.is(
    (await openCheckpoint((await resolveModel('someone/odd:weights.pt', options)).path)).kind,
    'nanogpt',
  )
  const offline = { settings: { ...settings, offline: true } }
  assert.match(
    (await failureOf(resolveModel('someone/ggufs:f16.gguf', offline))).message,
    /not cached while HF_HUB_OFFLINE is set, .* lacks f16.gguf/,
  )
})

test('asp fetch takes the same names', async ({ options }) => {
  const [target, ...rest] = planTargets(['someone/ggufs:f16.gguf', 'someone/ggufs:f16.gguf'])
  assert.equal(rest, [])
  assert.is(planTargets(['someone/ggufs:f16.gguf', 'someone/ggufs:q8_0.gguf']).length, 2)
  if (target.kind === 'local') throw new Error('not of the Hub')
  const { files } = await fetchTarget(target, { ...options, fewshot: false })
  assert.equal(
    files.map(({ path }) => path),
    ['f16.gguf'],
  )
})

test('a colon makes no Hub id of a path', () => {
  for (const path of ['./a/b:c.bin', 'a/b/c:d.gguf', 'c:\\models\\x.bin', 'out/ckpt.pt'])
    assert.ok(looksLikePath(path), path)
  for (const spec of ['a/b:c.bin', 'a/b@v1:sub/c.gguf', 'a/b', 'a/b@v1'])
    assert.not(looksLikePath(spec), spec)
})

test.run()
