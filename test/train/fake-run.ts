/** A training in a process of its own, to be killed: `fake-run.ts <folder>` goes on where the folder is. */
import { setTimeout } from 'node:timers/promises'
import { lastState } from '../../src/train/checkpoints.js'
import { trainRun } from '../../src/train/train-run.js'
import { fakeTrainers } from './fake-trainer.js'
import { DEVICE, fakeEvaluate, HEAD, prepared } from './fixture.js'

const [, , folder] = process.argv
const training = prepared(folder, { steps: 90, saveEvery: 2, evalEvery: 7 })
const onStep = async (): Promise<object> => {
  process.stdout.write('.')
  await setTimeout(1)
  return {}
}
const state = await lastState(folder)
const hooks = { trainers: fakeTrainers({ onStep }), evaluate: fakeEvaluate, peak: async () => 1e9 }
await trainRun(training, { ...training.runs[0], state }, DEVICE, HEAD, hooks)
