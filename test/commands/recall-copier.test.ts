/**
 * What `asp recall` shows of a model that is known to recall: the dense model is always right, a policy that has dropped the answer
 * is at chance to the last digit, and one that still has it is right.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { makeDataset } from '../../src/suites/recall/generate.js'
import { DEFAULT_GRID } from '../../src/suites/recall/grid.js'
import { writeCopierModel } from '../copier-model.js'
import { asp, workFolder } from './asp.js'

const folder = workFolder()
await writeCopierModel(join(folder, 'copier'))
const MODEL = ['--model', 'copier', '--device', 'cpu', '--threads', '1', '-q', '--dtype', 'f32']
const ran = await asp(folder, [
  ...['recall', 'copy_random', '--length', '256', '--needle-depth', '0,0.2,0.4,0.6,0.8,1', '--items', '3'],
  ...['--policy', 'local', '--sparsity', '0.5', ...MODEL, '-o', 'a.json'],
])
const { cells } = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as SweepRecord
const [dense, local] = cells.map((cell) => (cell.eval as EvalRecord).tasks['recall_copy_random.256'])

const test = suite('recall of a model that copies')

test('dense is always right, by far', () => {
  assert.is(ran.status, 0, ran.stderr)
  const { metrics, recall } = dense.per_document
  assert.ok(metrics.acc.every((verdict) => verdict === 1))
  assert.ok(
    recall?.margin.every((margin) => margin > 50),
    String(recall?.margin),
  )
  assert.not.match(ran.stdout, /DENSE FAILS/)
})

test('what a window no longer has is at chance, what it still has is right', () => {
  const window = Number(local.policy?.parameters.window)
  const { recall } = local.per_document
  const distances = recall?.cells.distance ?? []
  const margins = recall?.margin ?? []
  // Each token of the copy looks back by the distance and by the passage, sixteen words of one token each.
  const passage = 16
  const far = distances.flatMap((distance, i) => (distance > window ? [i] : []))
  const near = distances.flatMap((distance, i) => (distance + passage + 1 < window ? [i] : []))
  assert.ok(far.length > 3 && near.length > 3, `window ${window}, distances ${distances}`)
  for (const i of far) assert.ok(Math.abs(margins[i]) < 1e-3, `distance ${distances[i]}: ${margins[i]}`)
  // The margin itself also depends on what is copied after the other passage, of which a window has less.
  for (const i of near) {
    assert.is(local.per_document.metrics.acc[i], 1)
    assert.ok(margins[i] > 50, `distance ${distances[i]}: ${margins[i]}`)
  }
})

test('an exact answer is what greedy decoding writes, with and without the passage', async () => {
  const tokenizer = await loadTokenizer(join(folder, 'copier'), 8192)
  const making = { grid: { ...DEFAULT_GRID, depths: [0.2], items: 1 }, counter: tokenizer, nPositions: 1024 }
  const [{ value }] = (await makeDataset({ task: 'copy_random', length: 256 }, making)).rows
  const { context, other, choices, gold } = value as Record<'context' | 'other', string> & {
    choices: string[]
    gold: number
  }
  // Nothing foretells the first word.
  const [first, ...rest] = choices[0].trim().split(' ')
  const prompt = `${gold === 0 ? context : other} ${first}`
  const target = ` ${rest.join(' ')}`
  writeFileSync(join(folder, 'rest.jsonl'), JSON.stringify({ prompt, target }))
  const columns = { prompt: 'string', target: 'string' }
  const suite = { name: 'rest', dataset: { path: 'rest.jsonl', columns }, output: 'loglikelihood' }
  const asked = { ...suite, context: '{prompt}', target: '{target}', metrics: ['acc'] }
  writeFileSync(join(folder, 'rest.json'), JSON.stringify(asked))
  for (const [policy, right] of [
    [['--policy', 'dense'], 1],
    [['--policy', 'local', '--size', '60'], 0],
  ] as const) {
    const scored = await asp(folder, [
      'eval',
      './rest.json',
      ...policy,
      ...MODEL,
      '--json',
      '-o',
      `${right}.json`,
    ])
    assert.is(scored.status, 0, scored.stderr)
    assert.is((JSON.parse(scored.stdout) as EvalRecord).results.rest['acc,none'], right)
    const tokens = String(tokenizer.encodeBare(target).length)
    const written = await asp(folder, [
      'generate',
      prompt,
      ...policy,
      ...MODEL,
      '--max-tokens',
      tokens,
      '--no-echo',
    ])
    assert.is(written.status, 0, written.stderr)
    assert.is(Number(written.stdout.trimEnd() === target), right, written.stdout)
  }
})

test.run()
