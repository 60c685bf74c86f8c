/** `asp train` and `asp finetune` as a person runs them, on a model of one layer and the machine's own adapter. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { readText } from '../../src/data/text.js'
import type { TrainEstimate } from '../../src/record/train/estimate.js'
import type { TrainRecord } from '../../src/record/train/schema.js'
import { startHub } from '../data/hub/server.js'
import { asp, namesIn, type Outcome, startAsp, until, workFolder } from './asp.js'
import { logLines } from './train-log.js'

const folder = workFolder()
const { text } = await readText([])
writeFileSync(join(folder, 'text.txt'), text.slice(0, 24_000))
writeFileSync(
  join(folder, 'tiny.json'),
  JSON.stringify({
    model: { layers: 1, width: 64, positions: 64, tokenizer: 'asp-tiny' },
    data: 'text.txt',
    output: 'tiny',
    steps: 12,
    ctx: 32,
    batch_tokens: 128,
    rate: 0.003,
    warmup: 1,
    eval_every: 6,
    save_every: 6,
    held_out: 4,
  }),
)
const FLAGS = '--model ./tiny --data text.txt --ctx 32 --batch-tokens 64 --held-out 2 --rate 1e-3'.split(' ')

const finetune = (more: string, environment?: NodeJS.ProcessEnv): Promise<Outcome> =>
  asp(folder, ['finetune', ...FLAGS, ...more.split(' ')], environment)

const recordOf = (run: string): TrainRecord =>
  JSON.parse(readFileSync(join(folder, run, 'train.json'), 'utf8'))

const logOf = (run: string): unknown[] => logLines(join(folder, run))

const test = suite('asp finetune')

test('help has every flag under a heading, and no default that is empty', async () => {
  const { status, stdout } = await asp(folder, ['finetune', '--help'])
  assert.is(status, 0)
  assert.match(stdout, /^PRUNING FLAGS$[\s\S]*^ +--gamma=/m)
  assert.match(stdout, /\[default: a tenth of all\]/)
  assert.not.match(stdout, /\[default: *\]/)
})

test('asp train: a model from random weights that learns', async () => {
  const { status, stdout, stderr } = await asp(folder, ['train', '--config', 'tiny.json'])
  assert.is(status, 0, stderr)
  assert.match(stdout, /│ dense +│ +32 │ dense │/)
  assert.match(stdout, /\nCheckpoint: tiny\n$/)
  assert.match(stderr, /^memory planned for dense: [\d.]+ MiB \(weights /m)
  const record = recordOf('tiny')
  const losses = record.evaluations.map(({ rules }) => rules[0].nll)
  assert.ok(losses.length === 3 && losses[2] < losses[0] - 0.2, losses.join())
  const checkpoint = await openCheckpoint(join(folder, 'tiny'))
  assert.equal([checkpoint.config.interaction, checkpoint.config.vocabSize], [null, 8192])
})

test('several gammas: a checkpoint each, their records as JSON, nothing else on stdout', async () => {
  const { status, stdout, stderr } = await finetune('--gamma 0.1,1 --steps 2 --output two --json --quiet')
  assert.is(status, 0, stderr)
  const records = JSON.parse(stdout) as TrainRecord[]
  assert.equal(
    records.map(({ options }) => options.gamma),
    [0.1, 1],
  )
  for (const gamma of ['0.1', '1']) {
    const { config } = await openCheckpoint(join(folder, 'two', `gamma-${gamma}`))
    assert.equal(config.interaction, { dim: 64, propagateInDepth: false, grace: 8 })
  }
  assert.is(stderr, '')
})

test('Ctrl-C saves and ends with 130; --resume goes on to the same weights, to the last bit', async () => {
  const more =
    '--gamma 0.3 --steps 8 --save-every 2 --eval-every 4 --shift-range -1..1 --rate-schedule constant --output'
  const whole = await finetune(`${more} whole`)
  assert.is(whole.status, 0, whole.stderr)
  const run = startAsp(folder, ['finetune', ...FLAGS, ...more.split(' '), 'stopped'])
  await until('the first checkpoint', () => existsSync(join(folder, 'stopped/checkpoints/step-000002')))
  run.child.kill('SIGINT')
  const { status, stderr } = await run.ended
  assert.is(status, 130, stderr)
  assert.match(stderr, /^interrupted: finishing the step under way and saving; /m)
  assert.match(
    stderr,
    /\nerror: interrupted, after step \d of 8; hint: the same command with --resume continues\n$/,
  )
  assert.not.ok(existsSync(join(folder, 'stopped/model.safetensors')))
  const refused = await finetune(`${more} stopped`)
  assert.is(refused.status, 2)
  assert.match(refused.stderr, /^error: --output: stopped has a checkpoint or a training in it already/m)
  const other = await finetune(`${more} stopped --resume --beta 3`)
  assert.match(other.stderr, /^error: --resume: stopped\/\S+ was made with another --beta, 2, got 3; hint: /m)
  const again = await finetune(`${more} stopped --resume`)
  assert.is(again.status, 0, again.stderr)
  assert.match(again.stderr, /^gamma 0\.3: resuming after step \d of 8$/m)
  assert.equal(logOf('stopped'), logOf('whole'))
  const weights = (name: string) => readFileSync(join(folder, name, 'model.safetensors'))
  assert.ok(weights('stopped').equals(weights('whole')))
})

test('--dry-run says what is left and what it takes, and makes nothing', async () => {
  const { status, stdout, stderr } = await finetune('--gamma 0.1,1 --steps 40 --output dry --dry-run --json')
  assert.is(status, 0, stderr)
  const { model, runs, seconds_left } = JSON.parse(stdout) as TrainEstimate
  assert.is(model.parameters, recordOf('tiny').source.parameters)
  assert.equal(
    runs.map(({ name, steps_left, batch_tokens }) => [name, steps_left, batch_tokens]),
    [
      ['gamma 0.1', 40, 64],
      ['gamma 1', 40, 64],
    ],
  )
  for (const { tokens_per_second, seconds_left: seconds, memory_bytes } of runs) {
    // Evaluations come on top.
    assert.ok(seconds > (40 * 64) / tokens_per_second)
    const parts = Object.values(memory_bytes.by_purpose).reduce((sum, bytes) => sum + bytes, 0)
    assert.is(parts, memory_bytes.total)
  }
  assert.is(
    seconds_left,
    runs.reduce((sum, run) => sum + run.seconds_left, 0),
  )
  assert.not.ok(existsSync(join(folder, 'dry')))
})

test('--dry-run --resume counts the steps that are done', async () => {
  const { status, stdout, stderr } = await finetune(
    '--gamma 0.3 --steps 12 --save-every 2 --eval-every 4 --shift-range -1..1 --rate-schedule constant --alpha-steps 6 --output whole --resume --dry-run',
  )
  assert.is(status, 0, stderr)
  assert.match(stdout, /│ gamma 0\.3 │ +4 │ +256 │/)
})

test('a control, then the upload of what is finished already', async () => {
  const more = '--control local:8 --steps 2 --output local'
  const first = await finetune(more.replace('--output', '--out'))
  assert.is(first.status, 0, first.stderr)
  assert.match(first.stderr, /^--out: now --output; the old name will be removed in the next version$/m)
  const [dense, local] = recordOf('local').final[0].rules
  assert.equal([dense.rule, local.rule], ['dense', 'local'])
  assert.ok((local.sparsity?.achieved ?? 0) > 0.3)
  assert.is((await openCheckpoint(join(folder, 'local'))).config.interaction, null)
  const hub = await startHub([])
  try {
    const environment = { HF_HUB_OFFLINE: '0', HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_some' }
    const { status, stderr } = await finetune(`${more} --resume --push someone/local`, environment)
    assert.is(status, 0, stderr)
    assert.match(stderr, /^local:8: all 2 steps are done already$/m)
    assert.match(stderr, /^uploaded to someone\/local: http/m)
    assert.equal(
      Object.keys(hub.commits[0].files).sort(),
      namesIn(join(folder, 'local')).filter((name) => name !== 'checkpoints'),
    )
  } finally {
    await hub.close()
  }
})

test.run()
