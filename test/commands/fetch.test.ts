import { randomBytes } from 'node:crypto'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Fetched } from '../../src/suites/fetch.js'
import { planTargets } from '../../src/suites/fetch.js'
import { COMMIT, checkCache, checkSecrets, TOKEN, testRepos } from '../data/hub/fixture.js'
import { type HubServer, startHub } from '../data/hub/server.js'
import { asp, startAsp, workFolder } from './asp.js'

const test = suite('asp fetch')

const folder = workFolder()
const cacheFolder = join(folder, 'hf', 'hub')
let server: HubServer
let environment: NodeJS.ProcessEnv

const text = (value: string) => new TextEncoder().encode(value)
const ITEMS = '{"question": "a", "answer": "b"}\n{"question": "c", "answer": "d"}\n'
const SUITE = {
  name: 'mine',
  summary: 'Two questions',
  version: 1,
  dataset: {
    repo: 'someone/questions',
    config: null,
    revision: 'main',
    files: 'data/test-*.jsonl',
    split: 'test',
    docs: 3,
    columns: { question: 'string', answer: 'string' },
    fewshot: { split: 'train', files: 'data/train.csv' },
  },
  output: 'loglikelihood',
  context: '{question}',
  target: ' {answer}',
  metrics: ['acc', 'perplexity'],
  protocol: 'None.',
  reference: [],
}

test.before(async () => {
  server = await startHub([
    ...(await testRepos()),
    {
      type: 'model',
      name: 'someone/huge',
      commit: COMMIT,
      files: {
        'config.json': text('{}'),
        'tokenizer.json': text('{}'),
        'model.safetensors': randomBytes(8_000_000),
      },
    },
    {
      type: 'dataset',
      name: 'someone/questions',
      commit: COMMIT,
      files: {
        'data/test-00000-of-00002.jsonl': text(ITEMS),
        'data/test-00001-of-00002.jsonl': text('{"question": "e", "answer": "f"}\n'),
        'data/train.csv': text('question,answer\nx,y\n'),
        'data/other.csv': text('not wanted'),
      },
    },
  ])
  await writeFile(join(folder, 'mine.json'), JSON.stringify(SUITE))
  environment = {
    HF_ENDPOINT: server.url,
    HF_HOME: join(folder, 'hf'),
    HF_HUB_OFFLINE: '',
    HF_TOKEN: TOKEN,
    ASP_DEBUG: '1',
    DEBUG: '*',
  }
})
test.before.each(() => server.reset())
test.after(() => server.close())

const checked = () => checkCache({ cacheFolder, endpoint: '', token: undefined, offline: false })

test('models and suites, with what was stored where; a failing one does not stop the others', async () => {
  server.faults = [
    { at: '/revision/', status: 503, headers: { 'retry-after': '0' }, times: 1 },
    { at: 'someone/secret', status: 401, body: TOKEN },
  ]
  const { status, stdout, stderr } = await asp(
    folder,
    ['fetch', 'someone/tiny', 'someone/secret', './mine.json', 'asp-tiny', 'someone/pickled'],
    environment,
  )
  assert.is(status, 2, stderr)
  const repo = join(cacheFolder, 'models--someone--tiny', 'snapshots', COMMIT)
  assert.match(
    stdout,
    `model someone/tiny\n  commit  ${COMMIT} (main)\n  stored  8.96 MiB in 4 files, 8.96 MiB of it new\n  folder  ${repo}\n`,
  )
  assert.match(
    stdout,
    /mine: dataset someone\/questions\n {2}commit {2}0123.* \(main\)\n {2}stored {2}\d+ bytes in 3 files, \d+ bytes of it new\n/,
  )
  assert.match(stdout, '  items   someone/questions, all 3\n')
  assert.match(stdout, 'asp-tiny: comes with asp, nothing to fetch\n')
  const errors = stderr.split('\n').filter((line) => line.startsWith('error:'))
  assert.is(errors.length, 2, stderr)
  assert.match(
    errors[0],
    /^error: model someone\/secret at revision main: .* status 401; hint: .*HF_TOKEN may read it$/,
  )
  assert.match(errors[1], /^error: model someone\/pickled .*: has no tokenizer.json; hint: /)
  assert.match(stderr, /2 of 5 failed\n/)
  checkSecrets(stdout + stderr)
  assert.ok(server.tokens.hub.some((header) => header === `Bearer ${TOKEN}`))
  assert.equal(await checked(), [])
})

test('--json, without a network: what is there and what is not', async () => {
  const offline = { ...environment, HF_HUB_OFFLINE: '1' }
  const { status, stdout, stderr } = await asp(
    folder,
    ['fetch', 'someone/tiny', './mine.json', 'hellaswag', '--json'],
    offline,
  )
  assert.is(status, 2, stderr)
  const { fetched, failed }: { fetched: Fetched[]; failed: { target: string; error: string }[] } =
    JSON.parse(stdout)
  assert.equal(
    fetched.map(({ target, type, repo, commit, new_bytes, files }) => [
      target,
      type,
      repo,
      commit,
      new_bytes,
      files.length,
    ]),
    [
      ['someone/tiny', 'model', 'someone/tiny', COMMIT, 0, 4],
      ['mine', 'dataset', 'someone/questions', COMMIT, 0, 3],
    ],
  )
  assert.is((await stat(join(fetched[0].folder, 'model.safetensors'))).size, 9_182_196)
  assert.is(failed.length, 1)
  assert.match(failed[0].error, /dataset Rowan\/hellaswag .*not cached while HF_HUB_OFFLINE is set/)
  assert.match(stderr, /^error: dataset Rowan/m)
  assert.equal(server.requests, [])
  checkSecrets(stdout + stderr)
})

test('killed in the middle of a file: the next run goes on from there', async () => {
  server.faults = [{ at: 'model.safetensors', drip: 300 }]
  const running = startAsp(folder, ['fetch', 'someone/huge'], environment)
  const blobs = join(cacheFolder, 'models--someone--huge', 'blobs')
  let partial = ''
  while (partial === '') {
    const names = await readdir(blobs).catch(() => [])
    const arriving = names.find((name) => name.endsWith('.incomplete') && name.length > 64)
    if (arriving !== undefined && (await stat(join(blobs, arriving))).size > 0) partial = arriving
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  running.child.kill('SIGKILL')
  await running.ended
  const { size } = await stat(join(blobs, partial))
  assert.ok(size > 0 && size < 8_000_000, `${size}`)
  server.reset()
  const { stderr } = await asp(folder, ['fetch', 'someone/huge', '-q'], environment)
  assert.equal(server.ranges, [`bytes=${size}-7999999`])
  assert.match(stderr, /^error: .*huge.*; hint: /m, 'fetched whole, and found to be no checkpoint')
  assert.equal(await checked(), [])
})

test('bad usage is one line, before anything is fetched', async () => {
  const { status, stderr } = await asp(folder, ['fetch', 'someone/tiny', 'hellaswagg'], {
    ...environment,
    ASP_DEBUG: '',
    DEBUG: '',
  })
  assert.is(status, 2)
  assert.match(
    stderr,
    /^error: unknown model or suite 'hellaswagg'; hint: did you mean hellaswag\? [^\n]*\n$/,
  )
  assert.equal(server.requests, [])
})

test('targets: models, suites, groups, globs, files, each once', () => {
  const plan = (names: string[], revision?: string) =>
    planTargets(names, revision).map(({ kind, name }) => `${kind} ${name}`)
  assert.equal(plan(['gpt2', 'piqa', 'openai-community/gpt2', 'piqa']), [
    'model openai-community/gpt2',
    'suite piqa',
  ])
  assert.equal(plan(['paper', 'hellaswag']), [
    'suite winogrande',
    'suite hellaswag',
    'suite piqa',
    'suite lambada_openai',
  ])
  assert.equal(plan(['arc_*']), ['suite arc_challenge', 'suite arc_easy'])
  assert.equal(plan(['tiny', 'recall_copy_*', 'recall_mqar']), [
    'local recall_passkey',
    'local recall_needle_cloze',
    'local recall_copy_random',
    'suite hellaswag',
    'local recall_copy_text',
    'local recall_mqar',
  ])
  assert.equal(plan([join(folder, 'mine.json'), './a/folder', 'asp-tiny-dense']), [
    'suite mine',
    'local ./a/folder',
    'local asp-tiny-dense',
  ])
  const [model] = planTargets(['someone/tiny', 'piqa'], 'v1')
  assert.is(model.kind === 'model' && model.revision, 'v1')
  const [pinned] = planTargets([`gpt2@${COMMIT}`])
  assert.is(pinned.kind === 'model' && pinned.revision, COMMIT)
  assert.throws(() => planTargets(['piqa'], 'v1'), /--revision: applies to models/)
  assert.throws(() => planTargets(['gpt2@v1'], 'v2'), /gpt2@v1: names a revision/)
  assert.throws(() => planTargets(['nothing_*']), /no suite's name matches/)
})

test.run()
