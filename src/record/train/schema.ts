/**
 * What a training run writes: its record `asp.train/1` (train.json) and the lines of its log (train-log.jsonl). What a
 * perplexity run also has is spelled as there (ppl-schema.ts); `schemas/asp.train-1.schema.json` describes the record.
 */

import type { EnvironmentRecord, MemoryRecord, Status } from '../eval/schema.js'
import type { PplSparsity, TextSourceRecord } from '../ppl/schema.js'

export const TRAIN_SCHEMA = 'asp.train/1'
export const TRAIN_LOG_SCHEMA = 'asp.train-log/1'

export const ALPHA_SCHEDULES = ['cosine', 'linear', 'constant'] as const
export const RATE_SCHEDULES = ['constant', 'cosine'] as const
export const GAMMA_CONVENTIONS = ['paper', 'code'] as const
export const TRAINABLE = ['all', 'interaction'] as const
export const TRAIN_RULES = ['dense', 'adaptive', 'local', 'strided'] as const
export const EVAL_RULES = ['dense', 'step', 'soft', 'local', 'strided'] as const

/** Alpha by the steps taken: from `from` to `to` over so many steps, `to` from then on. */
export type AlphaSchedule =
  | { kind: 'constant'; value: number }
  | { kind: 'linear' | 'cosine'; from: number; to: number; over: number }

/** Learning rate: linear over the warm-up, then as it is, or down to `final` times it at step `over`. */
export type RateSchedule =
  | { kind: 'constant'; rate: number; warmup: number }
  | { kind: 'cosine'; rate: number; warmup: number; final: number; over: number }

/** Which keys a query sees; see `TrainRule` of the engine. */
export interface RuleOptionRecord {
  kind: (typeof TRAIN_RULES)[number]
  /** Window of `local`, stride of `strided`, in tokens. */
  tokens: number | null
}

/** Everything that decides the weights, besides what is begun from and the data. */
export interface TrainRunOptions {
  rule: RuleOptionRecord
  /** As typed; null for a control. */
  gamma: number | null
  gamma_convention: (typeof GAMMA_CONVENTIONS)[number] | null
  /** Weight of the mean of I over learnable pairs in the loss: gamma, or half of it by the code's convention. */
  gamma_weight: number
  alpha: AlphaSchedule | null
  rate: RateSchedule
  /** The interaction weights' after the warm-up, by the same schedule; null where it is the others'. */
  rate_interaction: number | null
  ctx: number
  batch_tokens: number
  /** r, and beta at the start; null for a control, beta also where the checkpoint brought its own. */
  int_dim: number | null
  beta: number | null
  propagate_in_depth: boolean | null
  trainable: (typeof TRAINABLE)[number]
  /** Share of the divergence from the dense teacher in the loss. */
  distill: number
  /** Bounds of the threshold shift that each sequence gets. */
  shift_range: [number, number] | null
  optimiser: { beta1: number; beta2: number; epsilon: number; weight_decay: number; clip: number | null }
  seed: number
}

/** What training began from. */
export interface TrainSourceRecord {
  id: string
  /** `scratch`: seeded random weights. */
  source: 'bundled' | 'folder' | 'hub' | 'scratch'
  revision: string | null
  /** Of the weight files; null for random weights. */
  sha256: string | null
  tokenizer_sha256: string
  parameters: number
}

export interface TrainDataRecord {
  sources: TextSourceRecord[]
  column: string
  documents: number
  characters: number
  tokens: number
  /** Windows of ctx tokens that are trained on, and SHA-256 over their tokens. */
  windows: number
  sha256: string
  held_out: {
    /** `split`: windows of the same text; `text`: text of its own. */
    kind: 'split' | 'text'
    sources: TextSourceRecord[]
    tokens: number
    sha256: string
  }
}

/** The first line of a log. */
export interface RunLine {
  kind: 'run'
  schema: typeof TRAIN_LOG_SCHEMA
  date: number
  options: TrainRunOptions
  /** Sequences worked on at a time, times ctx. */
  micro_tokens: number
  source: TrainSourceRecord
  data: TrainDataRecord
  environment: EnvironmentRecord
  command: string[]
}

/** One step. `step` counts the steps taken, this one among them; all but the last three are the same on every run. */
export interface StepLine {
  kind: 'step'
  step: number
  /** Trained on so far. */
  tokens: number
  loss: number
  cross_entropy: number
  divergence: number | null
  pair_mean: number | null
  pair_means: number[] | null
  alpha: number | null
  rate: number
  gradient_norm: number
  tokens_per_second: number
  seconds: number
  device_seconds: number | null
}

/** Held-out text after `step` steps. */
export interface EvalLine extends EvalFigures {
  kind: 'eval'
  step: number
  seconds: number
}

export type LogLine = RunLine | StepLine | EvalLine

/** Windows of held-out text at one context length. */
export interface EvalFigures {
  ctx: number
  windows: number
  /** Predicted. */
  tokens: number
  /** The dense rule first: nothing dropped, whatever was trained. */
  rules: EvalRule[]
}

export interface EvalRule {
  /** `step` is what decoding does, `soft` what training sees; `local` and `strided` are the controls' own. */
  rule: (typeof EVAL_RULES)[number]
  alpha: number | null
  /** Negative log-likelihood a token, nats, and its error with windows as units. */
  nll: number
  nll_stderr: number | null
  perplexity: number | null
  sparsity: PplSparsity | null
}

export interface TrainRecord {
  schema: typeof TRAIN_SCHEMA
  kind: 'train'
  /** `incomplete`: stopped; its checkpoint is that of the last step. */
  status: Status
  date: number
  options: TrainRunOptions
  micro_tokens: number
  source: TrainSourceRecord
  data: TrainDataRecord
  steps: { planned: number; taken: number }
  tokens: number
  /** Means over the last steps, a tenth of all and 100 at most; null before the first. */
  last: {
    steps: number
    loss: number
    cross_entropy: number
    pair_mean: number | null
    tokens_per_second: number
  } | null
  /** Beside the fastest multiply-adds a shader gets from the adapter, measured after the last step; null while incomplete. */
  speed: {
    /** Of the products of a step, there and back. */
    flops_per_token: number
    peak_flops: number
    /** Share of it that the last steps reached. */
    of_peak: number
  } | null
  /** Every evaluation on the way, at the context length of training. */
  evaluations: (EvalFigures & { step: number })[]
  /** Of the written checkpoint, at several context lengths; empty while incomplete. */
  final: EvalFigures[]
  /** The checkpoint that was written; null while incomplete. */
  checkpoint: {
    folder: string
    dtype: 'f32' | 'f16'
    parameters: number
    bytes: number
    sha256: string
  } | null
  environment: EnvironmentRecord
  timing: { total_s: number; train_s: number; evaluate_s: number; save_s: number }
  memory: MemoryRecord
  /** The arguments as typed, starting with `asp`; of a run that went on, those it began with. */
  command: string[]
}
