/** Where trainers come from; tests bring their own. */
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { TensorSource } from '../engine/tensor-source.js'
import { planTraining } from '../engine/train/plan.js'
import { Trainer } from '../engine/train/trainer.js'
import type { TrainerLike, TrainerOptions } from '../engine/train/types.js'

/** What decides how much memory a trainer takes. */
export type PlanOptions = Pick<
  TrainerOptions,
  'device' | 'rule' | 'tokens' | 'sequences' | 'trainable' | 'recompute' | 'teacher'
>

/** Bytes by purpose, and in all. */
export interface MemoryPlan {
  byPurpose: Readonly<Record<string, number>>
  total: number
}

export interface Trainers {
  plan(config: Gpt2Config, options: PlanOptions): MemoryPlan
  /** @throws Failure with code `memory` when it does not fit */
  open(config: Gpt2Config, tensors: TensorSource, options: TrainerOptions): Promise<TrainerLike>
}

/** Those of the engine. */
export const TRAINERS: Trainers = {
  plan: (config, { device, teacher, rule, tokens, sequences, trainable, recompute }) => {
    const asked = { rule, tokens, sequences, trainable, recompute, distilled: teacher !== undefined }
    const planned = planTraining(config, asked, device.limits.maxStorageBufferBindingSize)
    const { weights, gradients, moments, activations, total } = planned
    return { byPurpose: { weights, gradients, moments, activations }, total }
  },
  open: (config, tensors, options) => Trainer.open(config, tensors, options),
}
