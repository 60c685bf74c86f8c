/** Everything of a training that can be checked before a device is opened; every bad input ends here. */
import type { FetchProgress } from '../data/hub/hub.js'
import { checkUploadAccess } from '../data/hub/upload.js'
import { readRecordIfThere } from '../record/io/read.js'
import { TRAIN_SCHEMA } from '../record/kinds.js'
import type { TrainRecord } from '../record/train/schema.js'
import { configRecord } from '../run/model-record.js'
import { checkTraining } from './check-options.js'
import { lastState, type SavedState } from './checkpoints.js'
import { type Corpus, loadCorpus } from './corpus.js'
import type { TrainingOptions } from './options.js'
import { planRuns, type RunPlan } from './plan.js'
import { checkResume } from './resume.js'
import { holdRunFolder, type Release, recordPath } from './run-folder.js'
import { openStart, type TrainingStart } from './start.js'

export interface PreparedTraining {
  options: TrainingOptions
  start: TrainingStart
  corpus: Corpus
  runs: PreparedRun[]
}

export interface PreparedRun {
  plan: RunPlan
  /** What it resumes from; null for a run from the beginning. */
  state: SavedState | null
  /** The record of a run that has nothing left to do. */
  finished: TrainRecord | null
}

export interface PrepareHooks {
  onFetch?: (progress: FetchProgress) => void
  /** UTF-16 units that have become tokens. */
  onTokens?: (done: number, total: number) => void
  onNote?: (text: string) => void
  /** Told what is waited for. */
  onWait?: (text: string) => void
  signal?: AbortSignal
}

/**
 * Makes the folders of the runs before the text is read, so that no other run takes them meanwhile.
 * @param held is given what lets go of them, to be called however the training ends; null makes no folder and writes nothing
 */
export async function prepareTraining(
  options: TrainingOptions,
  hooks: PrepareHooks = {},
  held: Release[] | null = [],
): Promise<PreparedTraining> {
  checkTraining(options)
  if (options.push !== undefined) checkUploadAccess()
  const start = await openStart(options, hooks)
  const plans = planRuns(options, start.config, start.hasOwn)
  for (const { folder } of plans) held?.push(await holdRunFolder(folder, options.resume, hooks.onWait))
  const corpus = await loadCorpus(
    {
      data: options.data,
      tokens: options.tokens,
      evalData: options.evalData,
      column: options.column,
      heldOut: options.heldOut,
      ctx: plans[0].options.ctx,
      longest: start.config.nPositions,
      modelVocab: start.config.vocabSize,
    },
    start.tokenizer,
    { onFetch: hooks.onFetch, onProgress: hooks.onTokens, signal: hooks.signal },
  )
  const runs: PreparedRun[] = []
  for (const plan of plans) runs.push(await prepareRun(plan, { options, start, corpus }, hooks))
  return { options, start, corpus, runs }
}

async function prepareRun(
  plan: RunPlan,
  { options, start, corpus }: Omit<PreparedTraining, 'runs'>,
  { onNote }: PrepareHooks,
): Promise<PreparedRun> {
  if (!options.resume) return { plan, state: null, finished: null }
  const state = await lastState(plan.folder, (folder, why) => onNote?.(`${folder} is skipped: ${why}`))
  if (state === null) return { plan, state, finished: null }
  const now = {
    options: plan.options,
    source: start.record.sha256,
    config: configRecord(start.config),
    data: corpus.data.sha256,
  }
  checkResume(state.folder, state.facts, now, plan.steps)
  const record = await readRecordIfThere(recordPath(plan.folder), [TRAIN_SCHEMA])
  const isDone = record?.status === 'complete' && record.steps.taken === plan.steps
  return { plan, state, finished: isDone && state.facts.step === plan.steps ? record : null }
}
