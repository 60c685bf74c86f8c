/** What a training leaves to go on from, and the file that asks for one: states, the log, options. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HostTensor, TrainerState } from '../../../src/engine/train/types.js'
import { parseRecord } from '../../../src/record/io/read.js'
import { TRAIN_SCHEMA } from '../../../src/record/kinds.js'
import { buildTrainRecord } from '../../../src/record/train/build.js'
import { renderTraining } from '../../../src/report/train-table.js'
import { checkTraining } from '../../../src/train/check-options.js'
import { lastState, type StateFacts, saveState } from '../../../src/train/checkpoints.js'
import { openLog } from '../../../src/train/log.js'
import { readOptionsFile } from '../../../src/train/options-file.js'
import { planRuns } from '../../../src/train/plan.js'
import { checkResume } from '../../../src/train/resume.js'
import { recordParts } from '../../../test/record/fixture.js'
import { logText, trainLog, trainRecord } from '../../../test/record/train-fixture.js'
import { CONFIG, fakeStart, testFolder, trainingOptions } from '../../../test/train/fixture.js'
import type { Case, Target } from '../target.js'

const options = planRuns(trainingOptions('out'), CONFIG, false)[0].options
const now = { options, source: 'a', data: 'b' }
const factsOf = (step: number): StateFacts => ({
  ...now,
  step,
  micro_tokens: 32,
  position: { epoch: 0, window: step },
})

const tensor = (value: number): HostTensor => ({ shape: [2, 3], values: new Float32Array(6).fill(value) })
const stateOf = (value: number): TrainerState => ({
  weights: new Map([['wte.weight', tensor(value)]]),
  firstMoments: new Map([['wte.weight', tensor(value + 0.25)]]),
  secondMoments: new Map([['wte.weight', tensor(value + 0.5)]]),
})

const STEPS = [3, 6]

/** All that a run goes on from, as one text. */
async function figuresOf(run: string): Promise<string> {
  const saved = await lastState(run)
  if (saved === null) return 'nothing'
  checkResume(saved.folder, saved.facts, now, 12)
  const tensors = Object.values(await saved.load()).flatMap((some) =>
    [...some].map(([name, { shape, values }]) => [name, shape, Buffer.from(values.buffer).toString('hex')]),
  )
  // Others are passed over.
  const { step, micro_tokens, position, ...rest } = saved.facts
  const facts = [step, micro_tokens, position, rest.options, rest.source, rest.data]
  return createHash('sha256')
    .update(JSON.stringify([facts, tensors]))
    .digest('hex')
}

/** What may be gone on from: either state, as it was. */
const KNOWN = new Set<unknown>()

async function states(): Promise<Case[]> {
  const run = mkdtempSync(join(tmpdir(), 'asp-states-'))
  const source = fakeStart(testFolder())
  for (const step of STEPS) {
    await saveState(run, factsOf(step), stateOf(step), source)
    KNOWN.add(await figuresOf(run))
  }
  const names = readdirSync(run, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const paths = names.map(({ parentPath, name }) => join(parentPath, name))
  const files = Object.fromEntries(paths.map((path) => [path.slice(run.length + 1), readFileSync(path)]))
  rmSync(run, { recursive: true })
  const last = Object.keys(files).filter((path) => path.startsWith('checkpoints/step-000006/'))
  return last
    .filter((path) => /(state\.json|\.safetensors)$/.test(path))
    .map((changed) => ({ files, changed, form: changed.endsWith('.json') ? 'json' : 'safetensors' }))
}

const LOG = trainLog()

/** What resumed runs write is read by others: it must be whole. */
async function recordFrom(run: string): Promise<string> {
  const log = await openLog(run, LOG.run, 4)
  await log.close()
  const { timing, final, checkpoint } = trainRecord()
  const { steps, evaluations, head } = log
  const parts = { run: head, planned: 4, steps, evaluations, speed: null, final, checkpoint, timing }
  const record = buildTrainRecord({ ...parts, memory: recordParts().memory })
  await parseRecord('train.json', JSON.stringify(record), [TRAIN_SCHEMA]).catch((error: Error) => {
    throw new Error(`a record that nobody can read: ${error.message}`)
  })
  return renderTraining([record])
}

const OPTIONS = {
  model: { layers: 1, width: 64, positions: 32, tokenizer: 'asp-tiny' },
  data: 'text.txt',
  output: 'run',
  steps: 4,
  ctx: 16,
  batch_tokens: 64,
  gamma: [0.3, 0.5],
  rate: 0.0003,
  shift_range: '-1..1',
  seed: 3,
}

export const TRAINING: readonly Target[] = [
  {
    name: 'trainings: states',
    // The state before a damaged one is taken.
    lenient: true,
    cases: states,
    read: async (folder) => ({ figures: await figuresOf(folder) }),
    compare: (figures) => (KNOWN.has(figures) ? null : 'goes on from a state that was changed'),
  },
  {
    name: 'trainings: log of a run to resume',
    // Damaged lines are left out, not refused.
    lenient: true,
    cases: () => [{ files: { 'train-log.jsonl': logText(LOG) }, changed: 'train-log.jsonl', form: 'jsonl' }],
    read: async (folder) => ({ shown: [await recordFrom(folder)] }),
  },
  {
    name: 'trainings: options of asp train',
    cases: () => [{ files: { 'tiny.json': JSON.stringify(OPTIONS) }, changed: 'tiny.json', form: 'json' }],
    async read(folder, changed) {
      const read = await readOptionsFile(join(folder, changed), false)
      checkTraining(read)
      planRuns(read, CONFIG, true)
    },
  },
]
