/** One training from its first step, or the one it was stopped after, to its record. */
import type { Ledger } from '../engine/compute/memory.js'
import { measurePeak } from '../engine/compute/peak.js'
import { methodOf } from '../engine/gpt2/config.js'
import { stepFlops } from '../engine/train/flops.js'
import type { MemoryParts } from '../record/eval/build.js'
import { TRAIN_LOG_SCHEMA } from '../record/kinds.js'
import { buildTrainRecord, type TrainParts } from '../record/train/build.js'
import type { RunLine, TrainRecord } from '../record/train/schema.js'
import type { RunDevice } from '../run/open-model.js'
import type { Corpus } from './corpus.js'
import { type Finished, finishRun } from './finish.js'
import { evaluateHeldOut } from './held-out.js'
import type { RunHooks } from './hooks.js'
import { openLog } from './log.js'
import { takeSteps } from './loop.js'
import { ENGINE_TRAINERS, openTrainer } from './open-trainer.js'
import type { RunPlan } from './plan.js'
import type { PreparedRun, PreparedTraining } from './prepare.js'

/** What is known before the first step; the rest of the first line of the log. */
export type RunHead = Pick<RunLine, 'date' | 'environment' | 'command'>

/** @throws Failure (exit 1) when the loss diverged, the device is lost or the disk full; the last checkpoint is kept */
export async function trainRun(
  prepared: PreparedTraining,
  { plan, state }: PreparedRun,
  device: RunDevice,
  head: RunHead,
  hooks: RunHooks = {},
): Promise<TrainRecord> {
  const { trainers = ENGINE_TRAINERS, evaluate = evaluateHeldOut, peak = peakOf } = hooks
  const began = performance.now()
  const { trainer, sequences } = await openTrainer(trainers, prepared, { plan, state }, device, hooks.onEvent)
  const first = state?.facts.step ?? 0
  const log = await openLog(plan.folder, runLine(prepared, plan, sequences, head), first)
  const seconds = { train: 0, evaluate: 0, save: 0 }
  let memory = trainer.ledger()
  try {
    if (state !== null) trainer.restore(await state.load())
    const loop = { prepared, plan, device, trainer, log, sequences, seconds, evaluate, hooks }
    const step = await takeSteps(loop, first)
    memory = trainer.ledger()
    let finished: Finished | null = null
    let speed: TrainParts['speed'] = null
    if (step === plan.steps) {
      const weights = await trainer.weights()
      trainer.close()
      const { config, teacher } = prepared.start
      const work = { method: methodOf(config), distilled: teacher !== undefined }
      const flopsPerToken = stepFlops(config, plan.options.ctx, work)
      speed = { flopsPerToken, peak: await peak(device) }
      finished = await finishRun({ prepared, plan, device, weights, seconds, evaluate, hooks })
    }
    const record = buildTrainRecord({
      run: log.head,
      planned: plan.steps,
      steps: log.steps,
      evaluations: log.evaluations,
      speed,
      final: finished?.figures ?? [],
      checkpoint: finished?.checkpoint ?? null,
      timing: {
        total_s: (performance.now() - began) / 1000,
        train_s: seconds.train,
        evaluate_s: seconds.evaluate,
        save_s: seconds.save,
      },
      memory: memoryParts(memory),
    })
    await finished?.write(record)
    return record
  } finally {
    trainer.close()
    await log.close()
  }
}

const peakOf = ({ device, adapter }: RunDevice): Promise<number> => measurePeak(device, adapter)

function memoryParts({ total, ...purposes }: Ledger): MemoryParts {
  return {
    peak: total.peak,
    byPurpose: Object.fromEntries(Object.entries(purposes).map(([name, { peak }]) => [name, peak])),
    hostRss: process.memoryUsage.rss(),
  }
}

function runLine(prepared: PreparedTraining, plan: RunPlan, sequences: number, head: RunHead): RunLine {
  const { start, corpus, options } = prepared
  return {
    kind: 'run',
    schema: TRAIN_LOG_SCHEMA,
    options: plan.options,
    micro_tokens: sequences * plan.options.ctx,
    source: start.record,
    data: dataRecord(corpus, options.column),
    ...head,
  }
}

function dataRecord({ windows, data, evalData }: Corpus, column: string): RunLine['data'] {
  const { sources, documents, characters, tokens, sha256 } = data
  return {
    sources,
    column,
    documents,
    characters,
    tokens,
    windows: windows.length,
    sha256,
    held_out: {
      kind: evalData.kind,
      sources: evalData.sources,
      tokens: evalData.tokens,
      sha256: evalData.sha256,
    },
  }
}
