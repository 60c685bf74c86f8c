/** What a training will take, as it is told before any step counts (`--dry-run`). */
import type { EnvironmentRecord } from '../common.js'

export interface TrainEstimate {
  /** What it starts from, and its size. */
  model: { id: string; parameters: number }
  environment: EnvironmentRecord
  runs: RunEstimate[]
  /** Of all runs. */
  seconds_left: number
  /** What measuring for the estimate took. */
  probe_s: number
}

/** One training of the command. */
export interface RunEstimate {
  /** `gamma 0.3`, `local:205`. */
  name: string
  folder: string
  steps: number
  /** Those that are not done yet. */
  steps_left: number
  ctx: number
  batch_tokens: number
  /** Tokens worked on at a time. */
  micro_tokens: number
  /** Whether activations are computed again in the backward pass. */
  recompute: boolean
  memory_bytes: { total: number; by_purpose: Record<string, number> }
  tokens_per_second: number
  /** Of the steps left, with evaluations on the way. */
  seconds_left: number
}

/** How the estimate comes about, in words. */
export const TRAINING_ESTIMATED_BY = 'steps left, times what micro-batches of this run took just now'
