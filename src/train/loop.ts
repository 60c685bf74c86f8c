/** The steps of one training: each logged before the next, with evaluations and checkpoints in between. */

import { afterGrace } from '../engine/compute/give-up.js'
import { learnsToFade } from '../engine/methods.js'
import type { StepInputs, TrainerLike } from '../engine/train/types.js'
import { isAbort } from '../errors.js'
import type { EvalLine, StepLine } from '../record/train/schema.js'
import { configRecord } from '../run/model-record.js'
import type { RunDevice } from '../run/open-model.js'
import { mean } from '../stats/basics.js'
import { saveState } from './checkpoints.js'
import { notFinite, sayingHowToResume, spiked } from './errors.js'
import type { Evaluate } from './held-out.js'
import type { RunHooks } from './hooks.js'
import type { TrainLog } from './log.js'
import { microBatches } from './micro-batches.js'
import type { RunPlan } from './plan.js'
import type { PreparedTraining } from './prepare.js'
import { alphaAt, LEAST_ALPHA, rateAt, shiftsOf, windowOrder } from './schedule.js'
import { afterStep, isSpike, NO_SPIKE, type SpikeState } from './spikes.js'
import { tensorSource } from './tensor-file.js'

/** What a loop works with. */
export interface Loop {
  prepared: PreparedTraining
  plan: RunPlan
  device: RunDevice
  trainer: TrainerLike
  log: TrainLog
  /** Worked on at a time. */
  sequences: number
  seconds: Record<'train' | 'evaluate' | 'save', number>
  evaluate: Evaluate
  hooks: RunHooks
}

/** From `first` steps taken to as many as there are now. */
export async function takeSteps(loop: Loop, first: number): Promise<number> {
  const { prepared, plan, log, hooks } = loop
  const { signal, onEvent } = hooks
  const { corpus } = prepared
  const { options } = plan
  const order = windowOrder({ seed: options.seed, windows: corpus.windows.length, sequences: plan.sequences })
  const shifts = shiftsFor(plan)
  const rule = { nats: plan.spike, from: Math.max(options.rate.warmup, Math.ceil(plan.steps * CALM_SHARE)) }
  let spike = log.steps.reduce<SpikeState>(
    (known, { step, cross_entropy }) => afterStep(known, step, cross_entropy, rule),
    NO_SPIKE,
  )
  let saved = first === 0 ? null : first
  const tell = (step: number): void =>
    onEvent?.({
      stage: 'train',
      run: plan.name,
      step,
      steps: plan.steps,
      tokensOfStep: options.batch_tokens,
      line: log.steps.at(-1) ?? null,
      smooth: spike.smooth,
      evaluation: log.evaluations.at(-1) ?? null,
    })
  tell(first)
  for (let step = first; ; step++) {
    const isLast = step === plan.steps
    // Saved before anything else can fail.
    if (step > 0 && saved !== step && (isLast || step % plan.saveEvery === 0)) saved = await save(loop, step)
    const isDue = isLast || step % plan.evalEvery === 0
    if (isDue && !signal?.aborted && !log.evaluations.some((line) => line.step === step)) {
      await sayingHowToResume(plan, saved, step, evaluateNow(loop, step))
      tell(step)
    }
    if (signal?.aborted && step > 0 && saved !== step) saved = await save(loop, step)
    if (isLast || signal?.aborted) return step
    const windows = order(step).map((i) => corpus.window(i))
    const taken = unlessGivenUp(loop, takeStep(loop, step, windows, shifts(step)))
    const line = await sayingHowToResume(plan, saved, step, taken)
    if (line === GIVEN_UP) {
      if (step > 0 && saved !== step) await save(loop, step)
      return step
    }
    if (line === null) throw notFinite(plan, saved, step + 1)
    await log.append(line)
    spike = afterStep(spike, line.step, line.cross_entropy, rule)
    if (isSpike(spike)) throw spiked(plan, saved, line.step, spike)
    tell(line.step)
  }
}

const GIVEN_UP = Symbol('given up')

/** A step, which the trainer's device gives up a moment after Ctrl-C. */
async function unlessGivenUp<T>(
  { trainer, hooks: { signal } }: Loop,
  step: Promise<T>,
): Promise<T | typeof GIVEN_UP> {
  const callOff = afterGrace(signal, (reason) => trainer.abandon?.(reason))
  try {
    return await step
  } catch (error) {
    if (isAbort(error, signal)) return GIVEN_UP
    throw error
  } finally {
    callOff()
  }
}

/** Spikes do not count in this first share of the steps: with beta at the start most of the context is gone at once. */
const CALM_SHARE = 0.1

function shiftsFor({ options, sequences }: RunPlan): (step: number) => Float32Array | undefined {
  if (options.shift_range === null) return () => undefined
  const [low, high] = options.shift_range
  return shiftsOf({ seed: options.seed, sequences }, { low, high })
}

/** What a step goes by beside its text. */
export function stepInputs({ options }: RunPlan, step: number): Omit<StepInputs, 'batches'> {
  const alpha = options.alpha === null ? 0 : alphaAt(options.alpha, step)
  return {
    step,
    alpha: Math.max(alpha, LEAST_ALPHA),
    rate: rateAt(options.rate, step),
    interactionRate: rateAt({ ...options.rate, rate: options.rate_interaction ?? options.rate.rate }, step),
    gamma: options.gamma_weight,
    distill: options.distill,
  }
}

/** Null when something was not finite; the weights are then as they were. */
async function takeStep(
  { plan, trainer, sequences, seconds }: Loop,
  step: number,
  windows: readonly Uint32Array[],
  shifts: Float32Array | undefined,
): Promise<StepLine | null> {
  const { options } = plan
  const began = performance.now()
  const inputs = stepInputs(plan, step)
  const report = await trainer.step({ ...inputs, batches: microBatches(windows, shifts, sequences) })
  const took = (performance.now() - began) / 1000
  seconds.train += took
  if (!report.finite) return null
  const pairs = learnsToFade(options.rule.kind) && report.pairMeans !== null ? [...report.pairMeans] : null
  return {
    kind: 'step',
    step: step + 1,
    tokens: (step + 1) * options.batch_tokens,
    loss: report.loss,
    cross_entropy: report.crossEntropy,
    divergence: report.divergence,
    pair_mean: pairs && mean(pairs),
    pair_means: pairs,
    alpha: options.alpha && alphaAt(options.alpha, step),
    rate: inputs.rate,
    gradient_norm: report.gradientNorm,
    tokens_per_second: options.batch_tokens / took,
    seconds: took,
    device_seconds: report.seconds,
  }
}

async function evaluateNow(loop: Loop, step: number): Promise<void> {
  const { prepared, plan, device, trainer, log, seconds, evaluate, hooks } = loop
  const began = performance.now()
  const { options } = plan
  const free = (device.memoryLimit ?? Number.POSITIVE_INFINITY) - trainer.ledger().total.bytes
  const figures = await evaluate(
    {
      config: prepared.start.config,
      tensors: tensorSource(await trainer.weights()),
      dtype: 'f32',
      rule: plan.rule,
      alpha: options.alpha === null ? null : alphaAt(options.alpha, Math.max(0, step - 1)),
      ctxs: [options.ctx],
      stretches: prepared.corpus.heldOut,
    },
    { ...device, memoryLimit: device.memoryLimit === undefined ? undefined : free },
    {
      signal: hooks.signal,
      onProgress: (done, total) => hooks.onEvent?.({ stage: 'evaluate', run: plan.name, done, total }),
    },
  )
  const took = (performance.now() - began) / 1000
  seconds.evaluate += took
  if (figures === null) return
  const line: EvalLine = { kind: 'eval', step, ...figures[0], seconds: took }
  await log.append(line)
  hooks.onEvent?.({ stage: 'evaluated', run: plan.name, line })
}

/** The step that was saved. */
async function save(
  { prepared, plan, trainer, log, sequences, seconds, hooks }: Loop,
  step: number,
): Promise<number> {
  const began = performance.now()
  const { start, corpus } = prepared
  await log.sync()
  const taken = step * plan.sequences
  const facts = {
    step,
    options: plan.options,
    micro_tokens: sequences * plan.options.ctx,
    source: start.record.sha256,
    config: configRecord(start.config),
    data: corpus.data.sha256,
    position: { epoch: Math.floor(taken / corpus.windows.length), window: taken % corpus.windows.length },
  }
  const folder = await saveState(plan.folder, facts, await trainer.state(), start)
  seconds.save += (performance.now() - began) / 1000
  hooks.onEvent?.({ stage: 'saved', run: plan.name, step, folder })
  return step
}
