/** `asp recall`: its figures against plain loops over a small random model, its record, the same tasks as suites, bad input. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { encodePair } from '../../src/suites/build-requests.js'
import { makeDataset } from '../../src/suites/recall/generate.js'
import { DEFAULT_GRID } from '../../src/suites/recall/grid.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { logsumexpReference } from '../reference/logsumexp.js'
import { readWeights } from '../reference/weights.js'
import { writeTinyModel } from '../tiny-model.js'
import { asp, workFolder } from './asp.js'

const folder = workFolder()
const model = await writeTinyModel(join(folder, 'tiny'))
const MODEL = ['--model', 'tiny', '--device', 'cpu', '--threads', '1', '-q']
const GRID = ['--length', '64', '--needle-depth', '0,1', '--items', '1']
const ran = await asp(folder, [
  'recall',
  'passkey',
  ...GRID,
  '--sparsity',
  '0.5',
  ...MODEL,
  '-o',
  'a.json',
  '--json',
])

const test = suite('asp recall')

test('dense and pruned scores are those of plain loops', async () => {
  assert.is(ran.status, 0, ran.stderr)
  const record = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as SweepRecord
  const checkpoint = await openCheckpoint(model)
  const weights = await readWeights(checkpoint.tensors)
  const { config } = checkpoint
  const tokenizer = await loadTokenizer(model, config.vocabSize)
  const { rows } = await makeDataset(
    { task: 'passkey' },
    {
      grid: { ...DEFAULT_GRID, lengths: [64], depths: [0, 1], items: 1 },
      counter: tokenizer,
      nPositions: config.nPositions,
    },
  )
  for (const { policy, eval: own } of record.cells) {
    const { per_document, policy: found } = (own as EvalRecord).tasks['recall_passkey.64']
    const shift = policy === 'dense' ? null : (found?.threshold_shift ?? 0)
    for (const [i, { value }] of rows.entries()) {
      const { context, choices, gold, frozen_from } = value as {
        context: string
        choices: string[]
        gold: number
        frozen_from: number[]
      }
      const scores = choices.map((continuation, k) => {
        const pair = encodePair({ context, continuation }, tokenizer)
        const input = [...pair.context, ...pair.continuation].slice(0, -1)
        const { logits } = gpt2Reference(config, weights, input, shift, undefined, frozen_from[k])
        const V = config.vocabSize
        let [logprob, greedy] = [0, true]
        pair.continuation.forEach((token, t) => {
          const row = pair.context.length - 1 + t
          const own = logits.subarray(row * V, (row + 1) * V)
          logprob += own[token] - logsumexpReference(own).logsumexp
          greedy &&= own.every((logit) => logit <= own[token])
        })
        return { logprob, greedy }
      })
      const others = scores.filter((_, k) => k !== gold).map(({ logprob }) => logprob)
      const margin = scores[gold].logprob - Math.max(...others)
      const { recall, metrics, logprob } = per_document
      assert.ok(
        Math.abs((recall?.margin[i] ?? 0) - margin) < 1e-3,
        `${policy}, ${i}: ${recall?.margin[i]}, ${margin}`,
      )
      assert.ok(Math.abs(logprob[i] - scores[gold].logprob) < 1e-3)
      assert.is(metrics.acc[i], Number(margin > 0))
      assert.is(metrics.exact_match[i], Number(scores[gold].greedy))
    }
  }
})

test('the record has the grid, and the dense model first', () => {
  const { cells, grid } = JSON.parse(ran.stdout) as SweepRecord
  assert.equal(grid.parts, ['eval'])
  assert.equal(
    cells.map(({ id }) => id),
    ['dense', 'adaptive-0.5'],
  )
  const { recall } = (cells[1].eval as EvalRecord).tasks['recall_passkey.64'].per_document
  assert.equal(recall?.cells.length, [64, 64])
  assert.equal(recall?.cells.depth, [0, 1])
  assert.equal(recall?.choices, [4, 4])
  assert.ok(recall?.sparsity.every((share) => share > 0 && share < 1))
})

test('a weak model is called weak; tables have the dense model beside the pruned one', async () => {
  const { status, stdout, stderr } = await asp(folder, [
    'recall',
    'passkey',
    ...GRID,
    ...MODEL,
    '-o',
    'a.json',
    '--sparsity',
    '0.5',
    '--resume',
  ])
  assert.is(status, 0, stderr)
  assert.match(stdout, /DENSE FAILS +recall_passkey: the dense model is right in .* proves nothing/)
  assert.match(stdout, /│ recall_passkey │ dense +│ +0 │/)
  assert.match(stdout, /│ recall_passkey │ adaptive │ +0.5 │/)
})

test('the same task is a suite of asp eval, with its log', async () => {
  const { status, stderr } = await asp(folder, [
    'eval',
    'recall_passkey',
    '-L',
    '2',
    ...MODEL,
    '-o',
    'e.json',
    '-s',
    '--sparsity',
    '0.5',
  ])
  assert.is(status, 0, stderr)
  const { tasks } = JSON.parse(readFileSync(join(folder, 'e.json'), 'utf8')) as EvalRecord
  const { data, per_document } = tasks.recall_passkey
  assert.is(data.kind, 'generated')
  assert.equal(per_document.recall?.cells.depth, [0, 0.25])
})

test('bad input ends with what is wrong', async () => {
  for (const [argv, message] of [
    [['recall', 'paskey'], /unknown recall task 'paskey'; hint: did you mean passkey\?/],
    [
      ['recall', '--length', '5000'],
      /--length: must be whole numbers of tokens up to the model's context, 1024, got 5000/,
    ],
    // Before the model is looked for.
    [
      ['recall', '--needle-depth', '2', '--model', 'nowhere'],
      /--needle-depth: must be shares of the text from 0 to 1, got 2/,
    ],
    [['recall', '--items', '0', '--model', 'nowhere'], /--items: must be .*above 0, got 0/],
  ] as const) {
    const { status, stderr } = await asp(
      folder,
      (argv as readonly string[]).includes('nowhere') ? [...argv] : [...argv, ...MODEL],
    )
    assert.is(status, 2)
    assert.match(stderr, message)
  }
})

test.run()
