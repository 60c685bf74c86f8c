/** What a training tells while it runs, and what it may be told. */

import type { EvalLine, StepLine } from '../record/train/schema.js'
import type { RunDevice } from '../run/open-model.js'
import type { Evaluate } from './held-out.js'
import type { Trainers } from './open-trainer.js'

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
