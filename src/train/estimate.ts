/** `--dry-run`: how long a training will take here and in how much memory, from micro-batches of its own text. Writes nothing. */
import type { TrainerLike } from '../engine/train/types.js'
import { collectEnvironment } from '../record/io/environment.js'
import type { RunEstimate, TrainEstimate } from '../record/train/estimate.js'
import type { FlowHooks } from '../run/flow.js'
import type { RunDevice } from '../run/open-model.js'
import { sum } from '../stats/basics.js'
import type { RunHooks } from './hooks.js'
import { stepInputs } from './loop.js'
import { microBatches } from './micro-batches.js'
import { ENGINE_TRAINERS, openTrainer } from './open-trainer.js'
import type { TrainingOptions } from './options.js'
import { type RunPlan, stepsOfEvaluation } from './plan.js'
import { type PreparedRun, type PreparedTraining, type PrepareHooks, prepareTraining } from './prepare.js'
import { windowOrder } from './schedule.js'

export interface EstimateHooks extends RunHooks, PrepareHooks, FlowHooks<PreparedTraining> {
  /** Before a run is timed. */
  onTiming?: (run: string) => void
}

/** A whole step may take minutes; so long is timed at least, and no more than a step. */
const LEAST_SECONDS = 3

/** @throws Failure on all that a training would fail for before its first step */
export async function estimateTraining(
  options: TrainingOptions,
  hooks: EstimateHooks,
): Promise<TrainEstimate> {
  const { orStop } = hooks
  const prepared = await orStop(prepareTraining(options, hooks, null))
  hooks.onPrepared?.(prepared)
  const { record: adapter, ...device } = await orStop(hooks.openDevice())
  const began = performance.now()
  const runs: RunEstimate[] = []
  for (const run of prepared.runs) {
    hooks.onTiming?.(run.plan.name)
    runs.push(await orStop(estimateRun(prepared, run, device, hooks)))
  }
  const { id, parameters } = prepared.start.record
  return {
    model: { id, parameters },
    environment: await collectEnvironment(adapter),
    runs,
    seconds_left: sum(runs.map(({ seconds_left }) => seconds_left)),
    probe_s: (performance.now() - began) / 1000,
  }
}

async function estimateRun(
  prepared: PreparedTraining,
  run: PreparedRun,
  device: RunDevice,
  { trainers = ENGINE_TRAINERS, signal }: RunHooks,
): Promise<RunEstimate> {
  const { plan, state } = run
  const { corpus } = prepared
  const { trainer, sequences, recompute, memory } = await openTrainer(trainers, prepared, run, device)
  try {
    const order = windowOrder({
      seed: plan.options.seed,
      windows: corpus.windows.length,
      sequences: plan.sequences,
    })
    const batches = microBatches(
      order(0).map((i) => corpus.window(i)),
      undefined,
      sequences,
    )
    const step_s = await timeStep(trainer, plan, batches, signal)
    const left = run.finished === null ? plan.steps - (state?.facts.step ?? 0) : 0
    const heldOut = sum(corpus.heldOut.map(({ length }) => length))
    const evaluation = stepsOfEvaluation(heldOut, plan.rule, plan.options.batch_tokens)
    return {
      name: plan.name,
      folder: plan.folder,
      steps: plan.steps,
      steps_left: left,
      ctx: plan.options.ctx,
      batch_tokens: plan.options.batch_tokens,
      micro_tokens: sequences * plan.options.ctx,
      recompute,
      memory_bytes: { total: memory.total, by_purpose: { ...memory.byPurpose } },
      tokens_per_second: plan.options.batch_tokens / step_s,
      seconds_left: step_s * (left + Math.ceil(left / plan.evalEvery) * evaluation),
    }
  } finally {
    trainer.close()
  }
}

/** Seconds of a step: one micro-batch to warm up, then as many as it takes to tell, whose time is taken as that of all. */
async function timeStep(
  trainer: TrainerLike,
  plan: RunPlan,
  batches: ReturnType<typeof microBatches>,
  signal?: AbortSignal,
): Promise<number> {
  const run = async (count: number): Promise<number> => {
    signal?.throwIfAborted()
    const began = performance.now()
    // At these rates the weights stay as they are.
    const rates = { rate: 0, interactionRate: 0 }
    await trainer.step({ ...stepInputs(plan, 0), ...rates, batches: batches.slice(0, count) })
    return (performance.now() - began) / 1000
  }
  await run(1)
  const first = await run(1)
  const count = Math.min(batches.length, Math.ceil(LEAST_SECONDS / first))
  if (count === 1) return first * batches.length
  // What a step does once, whatever its micro-batches, is counted once.
  const each = Math.max(0, (await run(count)) - first) / (count - 1)
  return first + (batches.length - 1) * each
}
