/** The group `tiny`: recall suites and a suite that is read, side by side, with no network and no --data, in every command that takes groups. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompareRecord } from '../../src/record/compare/schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { writeTinyModel } from '../tiny-model.js'
import { asp, workFolder } from './asp.js'

const folder = workFolder()
await writeTinyModel(join(folder, 'tiny'))
const RUN = ['tiny', '-L', '2', '--model', './tiny', '--device', 'cpu', '--threads', '1', '-q']
const SUITES = ['recall_passkey', 'recall_needle_cloze', 'recall_copy_random', 'hellaswag']
const FALLBACK = 'warning: hellaswag: the Hub cannot be reached, using the bundled sample of 200 items\n'

const pruned = await asp(folder, ['eval', ...RUN, '--sparsity', '0.5', '-o', 'pruned.json'])
const dense = await asp(folder, ['eval', ...RUN, '--policy', 'dense', '-o', 'dense.json', '--json'])

const test = suite('group tiny')

test('is scored whole, each suite at the sparsity, without a mean', () => {
  assert.is(pruned.status, 0, pruned.stderr)
  assert.is(pruned.stderr, FALLBACK)
  const record = JSON.parse(readFileSync(join(folder, 'pruned.json'), 'utf8')) as EvalRecord
  assert.equal(Object.keys(record.results), SUITES)
  assert.equal(record.groups, {})
  assert.equal(
    Object.values(record.tasks).map(({ data }) => data.kind),
    ['generated', 'generated', 'generated', 'sample'],
  )
  for (const name of SUITES) {
    assert.equal(record['n-samples'][name].effective, 2)
    assert.match(pruned.stdout, new RegExp(`│ ${name} +│.*│ acc +│`))
  }
  assert.is(record.tasks.hellaswag.per_document.recall, undefined)
  assert.equal(record.tasks.recall_passkey.per_document.recall?.cells.length, [256, 256])
})

test('two records of it are compared, recall by its margin too', async () => {
  assert.is(dense.status, 0, dense.stderr)
  const { stdout, stderr } = await asp(folder, ['compare', 'dense.json', 'pruned.json', '--json'])
  assert.is(stderr, '')
  const [{ results }] = (JSON.parse(stdout) as CompareRecord).comparisons
  assert.equal([...new Set(results.map(({ task }) => task))], SUITES)
  for (const name of SUITES.slice(0, 3))
    assert.ok(results.some(({ task, metric }) => task === name && metric === 'margin'))
})

test('a sweep takes it', async () => {
  const flags = [
    '--policy',
    'adaptive',
    '--sparsity',
    '0,0.5',
    '--parts',
    'eval',
    '-o',
    'sweep.json',
    '--json',
  ]
  const { status, stdout, stderr } = await asp(folder, ['sweep', ...RUN, ...flags])
  assert.is(status, 0, stderr)
  assert.is(stderr, FALLBACK)
  const { cells } = JSON.parse(stdout) as SweepRecord
  const own = JSON.parse(readFileSync(join(folder, 'pruned.json'), 'utf8')) as EvalRecord
  assert.equal((cells[1].eval as EvalRecord).results, own.results)
  assert.equal((cells[0].eval as EvalRecord).results, (JSON.parse(dense.stdout) as EvalRecord).results)
})

test('asp tasks and completion name it', async () => {
  const tasks = await asp(folder, ['tasks'])
  assert.match(tasks.stdout, /^Groups: paper, .*; tiny, what a tiny model can show: .*; all, /m)
  const script = await asp(folder, ['completion', 'bash'])
  assert.match(script.stdout, /\bpaper tiny all\b/)
})

test.run()
