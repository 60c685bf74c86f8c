/** The model card: everything that the issue of a checkpoint asks for stands in it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TrainRecord } from '../../src/record/train/schema.js'
import { nameOf, renderTraining } from '../../src/report/train-table.js'
import { modelCard } from '../../src/train/model-card.js'
import type { TrainingOptions } from '../../src/train/options.js'
import { trainRun } from '../../src/train/train-run.js'
import { fakeTrainers } from './fake-trainer.js'
import { DEVICE, fakeEvaluate, HEAD, prepared, testFolder } from './fixture.js'

const test = suite('model card')

async function recordOf(changes: Partial<TrainingOptions> = {}): Promise<TrainRecord> {
  const training = prepared(testFolder(), { steps: 2, ...changes })
  training.start.record = {
    ...training.start.record,
    id: 'openai-community/gpt2',
    source: 'hub',
    revision: 'f'.repeat(40),
  }
  const hooks = { trainers: fakeTrainers(), evaluate: fakeEvaluate, peak: async () => 1e9 }
  return trainRun(training, training.runs[0], DEVICE, HEAD, hooks)
}

test('gamma, sparsity, perplexities, the command, hashes', async () => {
  const card = modelCard(await recordOf())
  assert.match(
    card,
    /^---\nlibrary_name: transformers\n[\s\S]*base_model: openai-community\/gpt2\n[\s\S]*\n---\n/,
  )
  assert.match(card, /# openai-community\/gpt2, adaptive context pruning, gamma 0\.3$/m)
  assert.match(card, /\| 16 \| nothing dropped \| [\d.]+ \| [\d.]+ \| {2}\| {2}\|/)
  assert.match(card, /\| 16 \| step function, as in decoding \| [\d.]+ \| [\d.]+ \| 0\.500 \| 0\.600 \|/)
  assert.match(card, /\| 16 \| soft, as in training \(alpha 8\) \|/)
  assert.match(card, /^ {4}asp finetune --data 'it'\\''s\.txt'$/m)
  assert.match(card, /SHA-256 `a{64}`/)
  assert.match(card, /Alpha: cosine, 1\.5 to 8 over 1 steps/)
})

const others: [string, Partial<TrainingOptions>, RegExp][] = [
  [
    'the code',
    { gammaConvention: 'code' },
    /gamma 0\.3 \(by the convention of the paper's code; 0\.15 by the paper's\)/,
  ],
  ['a control', { control: { kind: 'local', size: 4 } }, /# .*, attention to the last 4 tokens, a control$/m],
  ['a dense control', { control: { kind: 'dense' } }, /Nothing is dropped\./],
  ['shifts', { shiftRange: { low: -1, high: 1 } }, /Threshold shift: uniform in -1\.\.1, 0 for a quarter/],
  ['distilling', { distill: 0.5 }, /Distilled: 0\.5 of the loss is KL/],
  ['interaction weights only', { freeze: true }, /Trained: interaction weights only/],
]
for (const [title, changes, text] of others) {
  test(`says so of ${title}`, async () => assert.match(modelCard(await recordOf(changes)), text))
}

test('the table has a row a rule, and says when a run was stopped', async () => {
  const record = await recordOf()
  const text = renderTraining([record])
  assert.match(text, /│ gamma 0\.3 │ +16 │ step +│ 0\.5000 │ 0\.6000 │/)
  assert.not.match(text, /INCOMPLETE/)
  const stopped = renderTraining([{ ...record, status: 'incomplete', final: [] }])
  assert.match(stopped, /^INCOMPLETE +stopped after 2 of 2 steps$/m)
  assert.match(stopped, /gamma 0\.3/)
  assert.is(nameOf(await recordOf({ control: { kind: 'strided', size: 8 } })), 'strided:8')
})

test.run()
