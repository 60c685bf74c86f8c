/** Training states: whole or absent, the last two, what a full disk leaves; and who may go on from one. */
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFailure, writeParts } from '../../src/data/durable-files.js'
import type { HostTensor, TrainerState } from '../../src/engine/train/types.js'
import { EXIT, Failure } from '../../src/errors.js'
import { configRecord } from '../../src/run/model-record.js'
import {
  lastState,
  type StateFacts,
  saveState,
  stateFolder,
  statesFolder,
} from '../../src/train/checkpoints.js'
import { planRuns } from '../../src/train/plan.js'
import { checkResume } from '../../src/train/resume.js'
import { failureOf } from '../failure.js'
import { CONFIG, fakeStart, testFolder, trainingOptions } from './fixture.js'

const test = suite('checkpoints of a training')

const source = fakeStart(testFolder())
const options = planRuns(trainingOptions('out'), CONFIG, false)[0].options
const facts = (step: number): StateFacts => ({
  step,
  options,
  micro_tokens: 32,
  source: 'a',
  data: 'b',
  position: { epoch: 0, window: step },
})

const tensor = (value: number): HostTensor => ({ shape: [2, 3], values: new Float32Array(6).fill(value) })
const state = (value: number): TrainerState => ({
  weights: new Map([['wte.weight', tensor(value)]]),
  firstMoments: new Map([['wte.weight', tensor(value + 0.25)]]),
  secondMoments: new Map([
    ['wte.weight', tensor(value + 0.5)],
    ['ln_f.bias', { shape: [3], values: Float32Array.of(1e-30, -0, 3.4e38) }],
  ]),
})

test('what is read back is what was written, to the last bit', async () => {
  const run = testFolder()
  await saveState(run, facts(5), state(2), source)
  const saved = await lastState(run)
  assert.equal(saved?.facts, facts(5))
  assert.equal(await saved?.load(), state(2))
})

test('the last two are kept, by their number and not by their name', async () => {
  const run = testFolder()
  for (const step of [999_998, 999_999, 1_000_000, 1_000_001])
    await saveState(run, facts(step), state(step), source)
  assert.equal(readdirSync(statesFolder(run)).sort(), ['step-1000000', 'step-1000001'])
  assert.is((await lastState(run))?.facts.step, 1_000_001)
})

test('a state may be written again', async () => {
  const run = testFolder()
  await saveState(run, facts(3), state(1), source)
  await saveState(run, facts(3), state(2), source)
  assert.equal((await (await lastState(run))?.load())?.weights.get('wte.weight'), tensor(2))
})

const damages: [string, (folder: string) => void, RegExp][] = [
  [
    'a file cut short',
    (folder) => truncateSync(join(folder, 'model.safetensors'), 20),
    /model\.safetensors has 20 bytes/,
  ],
  [
    'a file that is gone',
    (folder) => rmSync(join(folder, 'first-moments.safetensors')),
    /first-moments.* is missing/,
  ],
  ['no state.json', (folder) => rmSync(join(folder, 'state.json')), /state\.json is missing/],
  ['half a state.json', (folder) => truncateSync(join(folder, 'state.json'), 30), /state\.json is not JSON/],
  [
    'another state.json',
    (folder) => writeFileSync(join(folder, 'state.json'), '{}'),
    /is not asp\.train-state\/1/,
  ],
  ...(
    [
      ['another step', /"step": 6/, '"step": 5', 'step'],
      ['a step that is text', /"step": 6/, '"step": "6"', 'step'],
      ['micro-batches of no whole sequence', /"micro_tokens": 32/, '"micro_tokens": 31', 'micro_tokens'],
      ['no micro-batches', /"micro_tokens": 32/, '"micro_tokens": 0', 'micro_tokens'],
      ['data that is no hash', /"data": "b"/, '"data": 7', 'data'],
      ['a place before the data', /"epoch": 0/, '"epoch": -1', 'position'],
      ['no options', /"options": \{/, '"options": null, "were": {', 'options'],
      ['another option of the right type', /"seed": 1\b/, '"seed": 2', 'sha256'],
      ['other micro-batches of the right type', /"micro_tokens": 32/, '"micro_tokens": 64', 'sha256'],
    ] as const
  ).map(([title, from, to, fact]): (typeof damages)[number] => [
    `a state.json with ${title}`,
    (folder) => {
      const file = join(folder, 'state.json')
      const text = readFileSync(file, 'utf8')
      assert.match(text, from)
      writeFileSync(file, text.replace(from, to))
    },
    new RegExp(`state\\.json is not as it was written: ${fact}$`),
  ]),
]
for (const [title, damage, why] of damages) {
  test(`${title}: the one before is taken, and it is told`, async () => {
    const run = testFolder()
    await saveState(run, facts(3), state(3), source)
    await saveState(run, facts(6), state(6), source)
    damage(stateFolder(run, 6))
    const told: string[] = []
    const saved = await lastState(run, (_, reason) => told.push(reason))
    assert.is(saved?.facts.step, 3)
    assert.match(told.join(), why)
    // The next one of that step takes its place.
    await saveState(run, facts(6), state(7), source)
    assert.equal((await (await lastState(run))?.load())?.weights.get('wte.weight'), tensor(7))
  })
}

test('nothing that is whole is a Failure, nothing at all is not', async () => {
  const run = testFolder()
  assert.is(await lastState(run), null)
  await saveState(run, facts(3), state(3), source)
  truncateSync(join(stateFolder(run, 3), 'model.safetensors'), 4)
  const failure = await failureOf(lastState(run))
  assert.match(failure.message, /no checkpoint is whole, got 1 that are damaged$/)
})

test('what a process left in the middle of writing is no state, and is removed', async () => {
  const run = testFolder()
  await saveState(run, facts(3), state(3), source)
  const left = join(statesFolder(run), '.writing-step-000006-abcd')
  mkdirSync(left)
  writeFileSync(join(left, 'model.safetensors'), 'half')
  assert.is((await lastState(run))?.facts.step, 3)
  assert.equal(readdirSync(statesFolder(run)), ['step-000003'])
})

test('a full disk: one line, the last state is kept, nothing half written is left', async () => {
  const run = testFolder()
  await saveState(run, facts(3), state(3), source)
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' })
  const broken = state(6)
  // Fails in the middle: weights and first moments are written by then.
  broken.secondMoments = Object.assign(new Map(broken.secondMoments), {
    [Symbol.iterator]: () => {
      throw full
    },
  })
  const failure = await failureOf(saveState(run, facts(6), broken, source))
  assert.match(failure.message, /step-000006: cannot be written, got no space left$/)
  assert.is(failure.hint, 'free space on the disk; step 3 is kept, --resume continues from it')
  assert.is(failure.exit, EXIT.failed)
  assert.equal(readdirSync(statesFolder(run)), ['step-000003'])
  assert.equal(await (await lastState(run))?.load(), state(3))
})

test('a device that is full says so', async () => {
  if (process.platform !== 'linux') return
  const error = await writeParts('/dev/full', [new Uint8Array(10)]).catch((caught: unknown) => caught)
  assert.match(writeFailure('x', error, 'all is well').message, /^x: cannot be written, got no space left$/)
})

test('state.json tells the place in the data', async () => {
  const run = testFolder()
  await saveState(run, facts(3), state(3), source)
  const file = JSON.parse(readFileSync(join(stateFolder(run, 3), 'state.json'), 'utf8'))
  assert.equal(file.position, { epoch: 0, window: 3 })
  assert.equal(Object.keys(file.files), [
    'model.safetensors',
    'first-moments.safetensors',
    'second-moments.safetensors',
  ])
})

const was = { ...facts(10) }
const differing: [string, object, RegExp, RegExp][] = [
  ['another model', { source: 'z' }, /another --model, "a", got "z"$/, /another --output/],
  ['another text', { data: 'z' }, /another --data, --eval-data, --held-out/, /another --output/],
  [
    'another gamma',
    { options: { ...options, gamma: 1, gamma_weight: 1 } },
    /another --gamma, 0\.3, got 1$/,
    /another --output/,
  ],
  ['another seed', { options: { ...options, seed: 2 } }, /another --seed, 1, got 2$/, /another --output/],
  [
    'a grace, which it had not',
    { options: { ...options, grace: 8 } },
    /another --grace, null, got 8$/,
    /^add --grace 0 to resume it/,
  ],
  [
    'a stretched schedule',
    { options: { ...options, alpha: { kind: 'cosine', from: 1.5, to: 8, over: 24 } } },
    /another --alpha/,
    /add --alpha-steps 8, and --warmup as it was/,
  ],
  [
    'a rate that falls for longer',
    { options: { ...options, rate: { kind: 'cosine', rate: 1e-4, warmup: 1, final: 0.1, over: 24 } } },
    /another --rate, --warmup, --rate-schedule/,
    /the rate fell until step 12: begin another training, with --model and another --output/,
  ],
  [
    'a rate that does not fall',
    { options: { ...options, rate: { kind: 'constant', rate: 1e-4, warmup: 1 } } },
    /another --rate, --warmup, --rate-schedule/,
    /give --rate, --warmup and --rate-schedule as they were/,
  ],
]
for (const [title, changes, message, hint] of differing) {
  test(`does not go on with ${title}`, () => {
    try {
      checkResume('here', was, { ...was, ...changes }, 12)
    } catch (error) {
      assert.instance(error, Failure)
      assert.match((error as Failure).message, message)
      assert.match((error as Failure).hint ?? '', hint)
      return
    }
    assert.unreachable()
  })
}

test('an option is named, not the config.json that has it too', () => {
  const graced = configRecord({ ...CONFIG, interaction: { dim: 4, propagateInDepth: false, grace: 8 } })
  assert.throws(
    () =>
      checkResume(
        'here',
        { ...was, config: configRecord(CONFIG) },
        { ...was, options: { ...options, grace: 8 }, config: graced },
        12,
      ),
    /another --grace, null, got 8$/,
  )
})

test('the config.json of the model counts, where the state has it', () => {
  const config = { ...configRecord(CONFIG), layer_norm_epsilon: 0.05 }
  assert.throws(
    () => checkResume('here', { ...was, config: configRecord(CONFIG) }, { ...was, config }, 12),
    /another --model, its config\.json, \{.*got/,
  )
  checkResume('here', was, { ...was, config }, 12)
})

test('a state of an older asp has no hash of itself', async () => {
  const run = testFolder()
  await saveState(run, facts(3), state(3), source)
  const file = join(stateFolder(run, 3), 'state.json')
  const { sha256, ...older } = JSON.parse(readFileSync(file, 'utf8'))
  assert.match(sha256, /^[0-9a-f]{64}$/)
  writeFileSync(file, JSON.stringify(older))
  assert.equal((await lastState(run))?.facts, facts(3))
})

test('goes on with more steps, in whatever order the options lie', () => {
  const { seed, ...rest } = options
  checkResume('here', was, { ...was, options: { seed, ...rest } }, 24)
  assert.throws(() => checkResume('here', was, was, 9), /--steps: here has taken 10 steps, got 9/)
})

test.run()
