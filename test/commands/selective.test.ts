/** `asp finetune --method selective` as a person runs it, killed on the way, and what the other commands make of its checkpoint. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { readText } from '../../src/data/text.js'
import type { DropsRecord } from '../../src/record/drops/schema.js'
import type { PplRecord } from '../../src/record/ppl/schema.js'
import type { TrainRecord } from '../../src/record/train/schema.js'
import { asp, type Outcome, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const { text } = await readText([])
writeFileSync(join(folder, 'text.txt'), text.slice(0, 24_000))
const FLAGS =
  '--method selective --data text.txt --ctx 32 --batch-tokens 64 --held-out 2 --rate 1e-3 --device cpu --quiet'.split(
    ' ',
  )

const run = (line: string): Promise<Outcome> => asp(folder, line.split(' '))
const finetune = (more: string): Promise<Outcome> => asp(folder, ['finetune', ...FLAGS, ...more.split(' ')])
const read = (path: string): Buffer => readFileSync(join(folder, path))

const test = suite('asp finetune --method selective')

test.before(async () => {
  const model = { layers: 2, width: 64, positions: 64, tokenizer: 'asp-tiny' }
  const numbers = { steps: 4, ctx: 32, batch_tokens: 128, rate: 0.003, warmup: 1, held_out: 4, eval_every: 4 }
  writeFileSync(
    join(folder, 'tiny.json'),
    JSON.stringify({ model, data: 'text.txt', output: 'tiny', ...numbers }),
  )
  const { status, stderr } = await run('train --config tiny.json --device cpu')
  assert.is(status, 0, stderr)
})

test('killed and resumed: the weights of a run that was not, to the last bit', async () => {
  const more = '--model ./tiny --steps 8 --save-every 2 --eval-every 8 --output'
  const whole = await finetune(`${more} whole`)
  assert.is(whole.status, 0, whole.stderr)
  const killed = startAsp(folder, ['finetune', ...FLAGS, ...more.split(' '), 'killed'])
  await until('the first checkpoint', () => existsSync(join(folder, 'killed/checkpoints/step-000002')))
  killed.child.kill('SIGKILL')
  await killed.ended
  assert.not.ok(existsSync(join(folder, 'killed/model.safetensors')))
  const again = await finetune(`${more} killed --resume`)
  assert.is(again.status, 0, again.stderr)
  assert.ok(read('killed/model.safetensors').equals(read('whole/model.safetensors')))
})

test('the checkpoint has the tensors of a GPT-2 and says how it attends', async () => {
  const { config, tensors } = await openCheckpoint(join(folder, 'whole'))
  assert.equal([config.selective, config.interaction, config.gate], [true, null, null])
  assert.equal(
    [...tensors.keys()].sort(),
    [...(await openCheckpoint(join(folder, 'tiny'))).tensors.keys()].sort(),
  )
  assert.is(JSON.parse(read('whole/config.json').toString()).drop_method, 'selective')
  const record: TrainRecord = JSON.parse(read('whole/train.json').toString())
  assert.equal(record.options.rule, { kind: 'selective', tokens: null })
  assert.equal([record.options.gamma, record.options.trainable, record.options.alpha], [0.3, 'all', null])
  assert.match(read('whole/README.md').toString(), /attends without selecting/)
})

test('perplexity, drops and generation go by it, and say so', async () => {
  const measured = await run(
    'ppl text.txt --model ./whole --ctx 64 --limit 512 --sparsity 0.3 --device cpu --json --quiet',
  )
  assert.is(measured.status, 0, measured.stderr)
  const { model, contexts }: PplRecord = JSON.parse(measured.stdout)
  assert.is(model.config.drop_method, 'selective')
  const [dense, pruned] = contexts[0].rules
  assert.equal([dense.policy, pruned.policy], ['dense', 'selective'])
  assert.ok(Math.abs((pruned.sparsity?.achieved ?? 0) - 0.3) < 0.05, `${pruned.sparsity?.achieved} achieved`)

  const map = await run('drops text.txt --model ./whole --limit 48 --shift -2 --device cpu --json --quiet')
  assert.is(map.status, 0, map.stderr)
  const drops: DropsRecord = JSON.parse(map.stdout)
  assert.is(drops.cause, 'selection')
  assert.ok(drops.deaths.every(([first]) => first === null))
  assert.ok(drops.deaths.flat().some((death) => death !== null))

  for (const policy of ['selective', 'dense']) {
    const written = await run(`generate the --model ./whole --max-tokens 6 --policy ${policy} --device cpu`)
    assert.is(written.status, 0, written.stderr)
  }
})

test('what does not go together is refused in a line', async () => {
  for (const [line, message] of [
    [
      'finetune --method kvzap --model ./whole --data text.txt --output x',
      /^error: --method kvzap: needs a dense model, whole was trained with selective attention/,
    ],
    [
      'ppl text.txt --model ./whole --policy h2o --sparsity 0.5',
      /^error: --policy h2o: does not know the selective/,
    ],
  ] as const) {
    const { status, stderr } = await run(line)
    assert.is(status, 2, stderr)
    assert.match(stderr, message)
  }
})

test.run()
