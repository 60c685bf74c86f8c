/** Where trainers come from: the one place that knows the class. */
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { TensorSource } from '../engine/tensor-source.js'
import type { TrainerLike, TrainerOptions } from '../engine/train/types.js'
import { EXIT, Failure } from '../errors.js'

/** What decides how much memory a trainer takes. */
export type PlanOptions = Omit<TrainerOptions, 'lost' | 'optimiser'>

/** Bytes by purpose, and in all at the peak. */
export interface MemoryPlan {
  byPurpose: Readonly<Record<string, number>>
  total: number
}

export interface Trainers {
  plan(config: Gpt2Config, options: PlanOptions): MemoryPlan
  /** @throws Failure with code `memory` when it does not fit */
  open(config: Gpt2Config, tensors: TensorSource, options: TrainerOptions): Promise<TrainerLike>
}

const missing = (): never => {
  throw new Failure('training: this build of asp has no trainer', {
    hint: 'use a release',
    exit: EXIT.failed,
  })
}

export const TRAINERS: Trainers = { plan: missing, open: async () => missing() }
