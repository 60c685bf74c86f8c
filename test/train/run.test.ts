/** A whole training with a trainer that is none: what it writes, how it stops, how it goes on. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { EXIT, Failure } from '../../src/errors.js'
import type { TrainRecord } from '../../src/record/train/schema.js'
import { lastState } from '../../src/train/checkpoints.js'
import type { RunHooks } from '../../src/train/hooks.js'
import type { TrainingOptions } from '../../src/train/options.js'
import { trainRun } from '../../src/train/train-run.js'
import { failureOf } from '../failure.js'
import { type FakeOptions, fakeTrainers } from './fake-trainer.js'
import { DEVICE, fakeEvaluate, HEAD, prepared, testFolder } from './fixture.js'

const test = suite('a run')

interface Trial {
  changes?: Partial<TrainingOptions>
  fake?: FakeOptions
  hooks?: RunHooks
}

/** One run, from where the folder is. */
async function run(folder: string, { changes, fake, hooks }: Trial = {}): Promise<TrainRecord> {
  const training = prepared(folder, changes)
  const state = await lastState(folder)
  const [first] = training.runs
  return trainRun(training, { ...first, state }, DEVICE, HEAD, {
    trainers: fakeTrainers(fake),
    evaluate: fakeEvaluate,
    peak: async () => 1e9,
    ...hooks,
  })
}

/** Aborts when the step with this number is taken. */
function stopAt(step: number): Pick<Trial, 'hooks' | 'fake'> {
  const controller = new AbortController()
  return {
    hooks: { signal: controller.signal },
    fake: {
      onStep: (inputs) => {
        if (inputs.step + 1 === step) controller.abort()
        return {}
      },
    },
  }
}

/** A log without what differs from run to run. */
function logOf(folder: string): unknown[] {
  const lines = readFileSync(join(folder, 'train-log.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const { seconds: _s, tokens_per_second: _t, ...rest } = JSON.parse(line) as Record<string, unknown>
    return rest
  })
}

const weightsOf = (folder: string): string =>
  readFileSync(join(folder, 'model.safetensors')).toString('base64')

test('writes a log, checkpoints, the model, its card and the record', async () => {
  const folder = testFolder()
  const record = await run(folder)
  assert.is(record.status, 'complete')
  assert.equal(record.steps, { planned: 12, taken: 12 })
  assert.is(record.tokens, 12 * 32)
  assert.equal(readdirSync(folder).sort(), [
    'README.md',
    'checkpoints',
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'train-log.jsonl',
    'train.json',
  ])
  assert.equal(readdirSync(join(folder, 'checkpoints')).sort(), ['step-000009', 'step-000012'])
  assert.equal(
    JSON.parse(readFileSync(join(folder, 'train.json'), 'utf8')),
    JSON.parse(JSON.stringify(record)),
  )
  const lines = logOf(folder) as { kind: string; step?: number; tokens?: number }[]
  const kinds = lines.map(({ kind, step }) => `${kind} ${step ?? ''}`.trim())
  assert.equal(kinds.slice(0, 7), ['run', 'eval 0', 'step 1', 'step 2', 'step 3', 'step 4', 'eval 4'])
  assert.equal(kinds.slice(-2), ['step 12', 'eval 12'])
  assert.equal(
    record.evaluations.map(({ step }) => step),
    [0, 4, 8, 12],
  )
  const checkpoint = await openCheckpoint(folder)
  assert.equal(checkpoint.config.interaction, { dim: 4, propagateInDepth: false, grace: 0 })
  assert.is(await checkpoint.weightsSha256(), record.checkpoint?.sha256)
})

test('every training state is a checkpoint too', async () => {
  const folder = testFolder()
  await run(folder, stopAt(5))
  const checkpoint = await openCheckpoint(join(folder, 'checkpoints/step-000005'))
  assert.is(checkpoint.storedDtype, 'F32')
  assert.is(checkpoint.config.nLayer, 1)
})

test('stopped anywhere and continued, it is the run that never was stopped', async () => {
  const whole = testFolder()
  await run(whole)
  for (const stops of [[5], [4], [1, 2, 3], [11], [3, 9]]) {
    const folder = testFolder()
    for (const stop of stops) {
      const record = await run(folder, stopAt(stop))
      assert.is(record.status, 'incomplete')
      assert.is(record.steps.taken, stop)
      assert.is(record.checkpoint, null)
      assert.not.ok(existsSync(join(folder, 'model.safetensors')))
    }
    assert.is((await run(folder)).status, 'complete')
    assert.equal(logOf(folder), logOf(whole), `stopped at ${stops}`)
    assert.is(weightsOf(folder), weightsOf(whole), `stopped at ${stops}`)
  }
})

test('continued from an older checkpoint, what came after it is cut off', async () => {
  const whole = testFolder()
  await run(whole)
  const folder = testFolder()
  await run(folder, stopAt(8))
  rmSync(join(folder, 'checkpoints/step-000008'), { recursive: true })
  writeFileSync(join(folder, 'train-log.jsonl'), '{"kind":"step","st', { flag: 'a' })
  await run(folder)
  assert.equal(logOf(folder), logOf(whole))
  assert.is(weightsOf(folder), weightsOf(whole))
})

test('a damaged checkpoint is passed over', async () => {
  const whole = testFolder()
  await run(whole)
  const folder = testFolder()
  await run(folder, stopAt(7))
  const file = join(folder, 'checkpoints/step-000007/second-moments.safetensors')
  const bytes = readFileSync(file)
  bytes[bytes.length - 1] ^= 1
  writeFileSync(file, bytes)
  const told: string[] = []
  const state = await lastState(folder, (where, why) => told.push(`${where.slice(-11)}: ${why}`))
  assert.is(state?.facts.step, 6)
  assert.equal(told, ['step-000007: second-moments.safetensors is not as it was written'])
  await run(folder)
  assert.equal(logOf(folder), logOf(whole))
})

test('stopped before the first step nothing is saved, and it begins anew', async () => {
  const folder = testFolder()
  const controller = new AbortController()
  controller.abort()
  const record = await run(folder, { hooks: { signal: controller.signal } })
  assert.equal([record.status, record.steps.taken], ['incomplete', 0])
  assert.not.ok(existsSync(join(folder, 'checkpoints')))
  assert.is((await run(folder)).status, 'complete')
})

test('stopped while it measures the result, it measures when it goes on', async () => {
  const whole = testFolder()
  await run(whole)
  const folder = testFolder()
  let calls = 0
  // Four evaluations on the way, the fifth is that of the result.
  const half = await run(folder, {
    hooks: { evaluate: async (...of) => (++calls === 5 ? null : fakeEvaluate(...of)) },
  })
  assert.is(half.status, 'incomplete')
  assert.is((await run(folder)).status, 'complete')
  assert.equal(logOf(folder), logOf(whole))
})

test('stopped while it evaluates, the steps since the last checkpoint are saved', async () => {
  const whole = testFolder()
  await run(whole)
  const folder = testFolder()
  const controller = new AbortController()
  let calls = 0
  // The second evaluation comes after step 4; the last checkpoint before it is that of step 3.
  const evaluate: RunHooks['evaluate'] = async (...of) => {
    if (++calls < 2) return fakeEvaluate(...of)
    controller.abort()
    return null
  }
  const record = await run(folder, { hooks: { signal: controller.signal, evaluate } })
  assert.is(record.steps.taken, 4)
  assert.is((await lastState(folder))?.facts.step, 4)
  await run(folder)
  assert.equal(logOf(folder), logOf(whole))
})

test('a step that is not finite stops with the last checkpoint and what to try', async () => {
  const folder = testFolder()
  const fake: FakeOptions = { onStep: ({ step }) => ({ finite: step !== 7 }) }
  const failure = await failureOf(run(folder, { fake }))
  assert.match(failure.message, /^training: step 8 of gamma 0\.3 is not finite, its weights were not taken$/)
  assert.match(
    failure.hint ?? '',
    /--rate 0\.00003 or a longer --warmup .* --model .*step-000006, the checkpoint of step 6/,
  )
  assert.is(failure.exit, EXIT.failed)
  assert.is((await lastState(folder))?.facts.step, 6)
})

test('a loss that stays far above its best stops; a peak of a few steps does not', async () => {
  const loss = (high: (step: number) => boolean): FakeOptions => ({
    onStep: ({ step }) => ({ crossEntropy: high(step) ? 9 : 3 }),
  })
  const changes = { steps: 100, saveEvery: 10, evalEvery: 100 }
  const folder = testFolder()
  const failure = await failureOf(run(folder, { changes, fake: loss((step) => step >= 40) }))
  assert.match(
    failure.message,
    /^training: the loss of gamma 0\.3 diverged at step 6\d, got [78]\.\d+ nats after a best of 3\.00$/,
  )
  assert.match(failure.hint ?? '', /--spike 0/)
  const calm = await run(testFolder(), { changes, fake: loss((step) => step >= 40 && step < 48) })
  assert.is(calm.status, 'complete')
  const start = await run(testFolder(), { changes, fake: loss((step) => step < 30) })
  assert.is(start.status, 'complete')
  const never = await run(testFolder(), {
    changes: { ...changes, spike: 0 },
    fake: loss((step) => step >= 40),
  })
  assert.is(never.status, 'complete')
})

test('a lost device says where to go on', async () => {
  const folder = testFolder()
  const fake: FakeOptions = {
    onStep: ({ step }) => {
      if (step === 4)
        throw new Failure('GPU device: lost, gone', { hint: 'another --device', exit: EXIT.failed })
      return {}
    },
  }
  const failure = await failureOf(run(folder, { fake }))
  assert.is(failure.message, 'GPU device: lost, gone, after step 4')
  assert.match(failure.hint ?? '', /^another --device; --resume continues from step 3/)
  assert.is((await run(folder)).status, 'complete')
})

test('as many sequences at a time as fit, fewer when the device does not grant them, as before when it goes on', async () => {
  const sizes: number[] = []
  const fake: FakeOptions = {
    onStep: ({ batches }) => {
      sizes.push(batches.length)
      return {}
    },
    bytes: 400_000,
  }
  const record = await run(testFolder(), { fake, changes: { steps: 1 } })
  // Two of 400,000 bytes fit into a million.
  assert.equal([record.micro_tokens, sizes], [32, [1]])
  const folder = testFolder()
  const tight = await run(folder, { fake: { bytes: 1_200_000 }, changes: { steps: 6 } })
  assert.is(tight.micro_tokens, 16)
  const failure = await failureOf(run(testFolder(), { fake: { bytes: 3_000_000 } }))
  assert.match(
    failure.message,
    /^memory: training takes 1500000 bytes with one sequence at a time, 1000000 are free$/,
  )
  const other = testFolder()
  await run(other, { ...stopAt(5), changes: { microTokens: 16 } })
  const again = await run(other, { fake: { bytes: 1 } })
  assert.is(again.micro_tokens, 16)
})

test('shifts and windows reach the trainer', async () => {
  const shifts: (Float32Array | undefined)[] = []
  const fake: FakeOptions = {
    onStep: ({ batches }) => {
      shifts.push(...batches.map((batch) => batch.shifts))
      for (const { tokens } of batches) assert.is(tokens.length, 16)
      return {}
    },
  }
  await run(testFolder(), { fake, changes: { steps: 3, microTokens: 16, shiftRange: { low: -1, high: 1 } } })
  assert.is(shifts.length, 6)
  assert.ok(shifts.every((some) => some?.length === 1))
})

test('a control logs neither pairs nor alpha', async () => {
  const folder = testFolder()
  const record = await run(folder, { changes: { control: { kind: 'dense' }, steps: 2 } })
  assert.equal([record.last?.pair_mean, record.options.alpha], [null, null])
  const [, , step] = logOf(folder) as Record<string, unknown>[]
  assert.equal([step.pair_mean, step.pair_means, step.alpha], [null, null, null])
})

test.run()
