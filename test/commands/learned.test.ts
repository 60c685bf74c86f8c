/** `asp finetune --method` as a person runs it: killed and resumed, then scored, read and shown under its own policy. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { readText } from '../../src/data/text.js'
import type { DropsRecord } from '../../src/record/drops/schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { TrainRecord } from '../../src/record/train/schema.js'
import { writeTinyModel } from '../tiny-model.js'
import { asp, startAsp, until, workFolder } from './asp.js'
import { logLines } from './train-log.js'

const folder = workFolder()
const { text } = await readText([])
writeFileSync(join(folder, 'text.txt'), text.slice(0, 24_000))
// With interaction weights: another method begins from its dense part.
await writeTinyModel(join(folder, 'tiny'))
const FLAGS =
  '--model ./tiny --data text.txt --ctx 32 --batch-tokens 64 --held-out 2 --steps 8 --save-every 2 --device cpu'

const METHODS = {
  kvzap: '--method kvzap --window 4 --rate 1e-2',
  trimkv: '--method trimkv --beta 3 --gamma 0.5 --shift-range -1..1 --distill 0.5 --rate 1e-2',
}

const read = <T>(...path: string[]): T => JSON.parse(readFileSync(join(folder, ...path), 'utf8')) as T

const logOf = (run: string): unknown[] => logLines(join(folder, run))

const test = suite('asp finetune --method')

for (const [method, flags] of Object.entries(METHODS)) {
  const finetune = (more: string) => ['finetune', ...`${FLAGS} ${flags} ${more}`.split(' ')]
  const whole = `${method}-whole`
  const killed = `${method}-killed`

  test(`${method}: the gates learn, the rest stays as it was, and the record says so`, async () => {
    const { status, stdout, stderr } = await asp(folder, finetune(`--output ${whole}`))
    assert.is(status, 0, stderr)
    assert.match(stdout, new RegExp(`\\nCheckpoint: ${whole}\\n$`))
    const { options, final } = read<TrainRecord>(whole, 'train.json')
    assert.equal([options.rule.kind, options.trainable, options.int_dim], [method, 'interaction', null])
    assert.equal(
      final[0].rules.map(({ rule }) => rule),
      ['dense', 'step'],
    )
    const [before, after] = [
      await openCheckpoint(join(folder, 'tiny')),
      await openCheckpoint(join(folder, whole)),
    ]
    assert.is(after.config.gate?.method, method)
    assert.is(after.config.interaction, null)
    let gates = 0
    for (const [name, { read: bytes }] of after.tensors) {
      const old = before.tensors.get(name)
      if (old === undefined) gates++
      else assert.equal(await bytes(), await old.read(), name)
    }
    assert.is(gates, 2)
    const steps = logOf(whole) as { kind: string; loss: number; pair_mean: number | null }[]
    const losses = steps.filter(({ kind }) => kind === 'step')
    assert.ok(losses[7].loss < losses[0].loss, `${losses[0].loss} to ${losses[7].loss}`)
    assert.ok(losses.every(({ pair_mean }) => (pair_mean === null) === (method === 'kvzap')))
  })

  test(`${method}: killed and resumed, the same weights to the last bit`, async () => {
    const run = startAsp(folder, finetune(`--output ${killed}`))
    await until('a state', () => existsSync(join(folder, killed, 'checkpoints/step-000004')))
    run.child.kill('SIGKILL')
    await run.ended
    assert.not.ok(existsSync(join(folder, killed, 'train.json')))
    const { status, stderr } = await asp(folder, finetune(`--output ${killed} --resume`))
    assert.is(status, 0, stderr)
    assert.match(stderr, /resuming after step [468] of 8/)
    for (const name of [
      'model.safetensors',
      'config.json',
      'checkpoints/step-000008/second-moments.safetensors',
    ]) {
      assert.ok(
        readFileSync(join(folder, killed, name)).equals(readFileSync(join(folder, whole, name))),
        name,
      )
    }
    assert.equal(logOf(killed), logOf(whole))
  })
}

test('scored at a share that was asked for, under its own name', async () => {
  const argv =
    'eval copa --data sample -L 8 --model ./trimkv-whole --sparsity 0.4 --device cpu -q -o scored.json'
  const { status, stderr } = await asp(folder, argv.split(' '))
  assert.is(status, 0, stderr)
  const { policy, sparsity, model } = read<EvalRecord>('scored.json')
  assert.is(policy.name, 'trimkv')
  assert.type(policy.threshold_shift, 'number')
  assert.is(model.config.drop_method, 'trimkv')
  assert.ok(Math.abs(sparsity.achieved - 0.4) < 0.05, String(sparsity.achieved))
})

test('drops that are the same in decoding, and have no killers', async () => {
  const story = text.slice(1000, 1400)
  const level = ['--model', './kvzap-whole', '--policy', 'kvzap', '--shift', '-0.5', '--device', 'cpu', '-q']
  const shown = await asp(folder, ['drops', story, ...level, '--json'])
  assert.is(shown.status, 0, shown.stderr)
  const record = JSON.parse(shown.stdout) as DropsRecord
  assert.is(record.cause, 'birth')
  assert.equal(record.policy.parameters, { window: 4, threshold: -4 })
  assert.ok(record.deaths[0].some((death) => death !== null))
  const printed = await asp(folder, ['drops', story, ...level, '--layer', '0'])
  assert.match(printed.stdout, /who expired when/)
  const decoded = await asp(folder, [
    'generate',
    story,
    ...level,
    ...'--max-tokens 1 --trace trace.jsonl'.split(' '),
  ])
  assert.is(decoded.status, 0, decoded.stderr)
  const deaths = record.deaths.map((layer) => layer.map(() => null as number | null))
  for (const line of readFileSync(join(folder, 'trace.jsonl'), 'utf8').trimEnd().split('\n')) {
    const { kind, layer, position, killer_position } = JSON.parse(line)
    if (kind === 'drop' && killer_position < record.tokens.length) deaths[layer][position] = killer_position
  }
  assert.equal(deaths, record.deaths)
})
test('another method is refused in one line', async () => {
  const model = ['--model', './kvzap-whole', '--device', 'cpu']
  const asked = await asp(folder, ['ppl', '--policy', 'adaptive', '--sparsity', '0.5', ...model])
  assert.is(asked.status, 2)
  assert.match(
    asked.stderr,
    /^error: --policy adaptive: checkpoint .*kvzap-whole was taught to drop by kvzap; hint: /,
  )
  const resumed = await asp(folder, [
    ...['finetune', ...`${FLAGS} ${METHODS.kvzap}`.split(' ')],
    ...['--output', 'kvzap-whole', '--resume', '--seed', '3'],
  ])
  assert.match(resumed.stderr, /^error: --resume: .* was made with another --seed, 42, got 3; /m)
  const soft = await asp(folder, ['ppl', '--alpha', '2', '--sparsity', '0.5', ...model])
  assert.match(soft.stderr, /^error: --alpha 2: /)
})

test.run()
