/** The trainer of a run: as many sequences at a time as fit, or as many as the run had before. */
import { planTraining } from '../engine/train/plan.js'
import { Trainer } from '../engine/train/trainer.js'
import type { TrainerLike, TrainerOptions } from '../engine/train/types.js'
import { Failure } from '../errors.js'
import type { RunDevice } from '../run/open-model.js'
import type { MemoryPlan, RunHooks, Trainers } from './hooks.js'
import { chooseMicroBatch, fewerSequences } from './micro-batches.js'
import type { TrainingOptions } from './options.js'
import type { PreparedRun, PreparedTraining } from './prepare.js'

/** Those of the engine. */
export const ENGINE_TRAINERS: Trainers = {
  plan: (config, { device, teacher, rule, tokens, sequences, trainable, recompute }) => {
    const asked = { rule, tokens, sequences, trainable, recompute, distilled: teacher !== undefined }
    const planned = planTraining(config, asked, device.limits.maxStorageBufferBindingSize)
    const { weights, gradients, moments, activations, total } = planned
    return { byPurpose: { weights, gradients, moments, activations }, total }
  },
  open: (config, tensors, options) => Trainer.open(config, tensors, options),
}

export interface RunTrainer {
  trainer: TrainerLike
  /** B of a micro-batch. */
  sequences: number
  /** Whether activations are computed again in the backward pass. */
  recompute: boolean
  memory: MemoryPlan
}

/** In the order they are tried: with all activations kept a step takes a quarter less time. */
const RECOMPUTE: Readonly<Record<TrainingOptions['recompute'], readonly boolean[]>> = {
  auto: [false, true],
  always: [true],
  never: [false],
}

/** @throws Failure (exit 1) when not even one sequence at a time fits */
export async function openTrainer(
  trainers: Trainers,
  { start, options }: Pick<PreparedTraining, 'start' | 'options'>,
  { plan, state }: Pick<PreparedRun, 'plan' | 'state'>,
  device: RunDevice,
  onEvent?: RunHooks['onEvent'],
): Promise<RunTrainer> {
  const { ctx, optimiser, trainable } = plan.options
  const { beta1, beta2, epsilon, weight_decay, clip } = optimiser
  const base: Omit<TrainerOptions, 'sequences' | 'recompute'> = {
    ...device,
    rule: plan.rule,
    tokens: ctx,
    trainable,
    optimiser: { beta1, beta2, epsilon, weightDecay: weight_decay, clip },
    teacher: start.teacher,
  }
  const planned = (sequences: number, recompute: boolean) =>
    trainers.plan(start.config, { ...base, sequences, recompute })
  const limit = device.memoryLimit ?? Number.POSITIVE_INFINITY
  const modes = RECOMPUTE[options.recompute]
  const fixed = state?.facts.micro_tokens ?? options.microTokens
  let next: { sequences: number; recompute: boolean } | null =
    fixed === undefined
      ? firstThatFits(modes, (recompute) =>
          chooseMicroBatch({
            sequences: plan.sequences,
            ctx,
            kind: device.adapter.kind,
            limit,
            bytes: (sequences) => planned(sequences, recompute).total,
          }),
        )
      : {
          sequences: fixed / ctx,
          recompute:
            modes.find((mode) => planned(fixed / ctx, mode).total <= limit) ?? modes[modes.length - 1],
        }
  for (;;) {
    const { sequences, recompute } = next
    const { total, byPurpose } = planned(sequences, recompute)
    onEvent?.({ stage: 'memory', run: plan.name, bytes: total, byPurpose, sequences, recompute })
    try {
      return {
        trainer: await trainers.open(start.config, start.tensors, { ...base, sequences, recompute }),
        sequences,
        recompute,
        memory: { total, byPurpose },
      }
    } catch (error) {
      // A GPU does not say beforehand what it will grant.
      next =
        error instanceof Failure && error.code === 'memory' ? smaller(next, modes, fixed !== undefined) : null
      if (next === null) throw error
    }
  }
}

function firstThatFits(
  modes: readonly boolean[],
  choose: (recompute: boolean) => number,
): { sequences: number; recompute: boolean } {
  const [recompute, ...rest] = modes
  try {
    return { sequences: choose(recompute), recompute }
  } catch (error) {
    if (rest.length === 0) throw error
    return firstThatFits(rest, choose)
  }
}

function smaller(
  { sequences, recompute }: { sequences: number; recompute: boolean },
  modes: readonly boolean[],
  isFixed: boolean,
): { sequences: number; recompute: boolean } | null {
  if (!recompute && modes.includes(true)) return { sequences, recompute: true }
  const fewer = isFixed ? null : fewerSequences(sequences, sequences)
  return fewer === null ? null : { sequences: fewer, recompute }
}
