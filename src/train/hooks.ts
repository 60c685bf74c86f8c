/** What a training reports while it runs, what may stop it, and what tests replace. */
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { TensorSource } from '../engine/tensor-source.js'
import type { TrainerLike, TrainerOptions } from '../engine/train/types.js'
import type { EvalLine, StepLine } from '../record/train/schema.js'
import type { RunDevice } from '../run/open-model.js'
import type { Evaluate } from './held-out.js'

export type TrainEvent =
  /** Before the first step: what it will take. */
  | {
      stage: 'memory'
      run: string
      bytes: number
      byPurpose: Readonly<Record<string, number>>
      sequences: number
      recompute: boolean
    }
  | {
      stage: 'train'
      run: string
      step: number
      steps: number
      tokensOfStep: number
      line: StepLine | null
      smooth: number | null
      evaluation: EvalLine | null
    }
  | { stage: 'evaluate'; run: string; done: number; total: number }
  | { stage: 'evaluated'; run: string; line: EvalLine }
  | { stage: 'saved'; run: string; step: number; folder: string }

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

/** Where trainers come from; tests bring their own. */
export interface Trainers {
  plan(config: Gpt2Config, options: PlanOptions): MemoryPlan
  /** @throws Failure with code `memory` when it does not fit */
  open(config: Gpt2Config, tensors: TensorSource, options: TrainerOptions): Promise<TrainerLike>
}

export interface RunHooks {
  /** Aborting ends the run after the step under way, with a checkpoint. */
  signal?: AbortSignal
  onEvent?: (event: TrainEvent) => void
  /** Replaced in tests. */
  trainers?: Trainers
  evaluate?: Evaluate
  /** FLOP/s of the adapter. */
  peak?: (device: RunDevice) => Promise<number>
}
