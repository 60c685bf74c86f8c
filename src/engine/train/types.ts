/** Inputs and results of a trainer: token ids and numbers. */

import type { Failure } from '../../errors.js'
import type { ComputeDevice } from '../compute/device.js'
import type { Ledger } from '../compute/memory.js'
import type { Gpt2Config } from '../gpt2/config.js'
import type { Method } from '../methods.js'
import type { StaticRule } from '../policies/index.js'
import type { TensorSource } from '../tensor-source.js'
import type { AdapterTraits } from '../tuning.js'

/**
 * Which keys a query sees in training. A method learns it (docs/method.md, Log-mask and Gates); the last two are controls, static
 * policies of a size: nothing about them is learned.
 */
export type TrainRule = { kind: 'dense' } | { kind: Method } | (StaticRule & { kind: 'local' | 'strided' })

/** AdamW with decoupled weight decay; the rate is given with each step. */
export interface OptimiserOptions {
  beta1: number
  beta2: number
  epsilon: number
  /** Times the rate, on weight matrices and tables only. */
  weightDecay: number
  /** The largest norm of all gradients together; larger ones are scaled down to it. Null: no limit. */
  clip: number | null
}

export interface TrainerOptions {
  device: ComputeDevice
  /** Resolves, with what to say of it, when the device is gone. */
  lost: Promise<Failure>
  adapter: AdapterTraits
  /** Bytes that all buffers together may take; unlimited when undefined. */
  memoryLimit?: number
  rule: TrainRule
  /** T: tokens of every sequence. */
  tokens: number
  /** B: sequences worked on at a time; a step has one or more such micro-batches. */
  sequences: number
  /** Whether all parameters learn, or only those that decide what is dropped (`--freeze`). */
  trainable: 'all' | 'interaction'
  optimiser: OptimiserOptions
  /**
   * Keep one layer's activations instead of all layers' and recompute them in the backward pass: less memory, a third
   * more work. Null: where all do not fit into `memoryLimit`.
   */
  recompute: boolean | null
  /** The dense model to learn from beside the text (`--distill`): same vocabulary and width of context. */
  teacher?: { config: Gpt2Config; tensors: TensorSource }
}

export interface MicroBatch {
  /** (B, T) token ids; row t predicts token t + 1, the last row of a sequence predicts nothing. */
  tokens: Uint32Array
  /** (B) added to every drop score of the sequence; zeros when undefined. */
  shifts?: Float32Array
}

export interface StepInputs {
  /** Steps taken before this one: Adam's bias correction counts from them. */
  step: number
  /** Of the alpha-sigmoid, 1 < alpha < infinity. */
  alpha: number
  rate: number
  /** Of the interaction weights, which begin from nothing where the rest is trained already; `rate` when undefined. */
  interactionRate?: number
  /** Weight of the mean of I over learnable pairs, in the paper's normalisation (docs/method.md, Objective). */
  gamma: number
  /** Share of the divergence from the teacher in the loss, beside 1 - distill of the cross-entropy. */
  distill: number
  batches: readonly MicroBatch[]
}

/** Means over the whole step. */
export interface StepReport {
  /** What was descended: cross-entropy (and divergence), plus gamma times the pair mean; of `kvzap` the gates' error. */
  loss: number
  /** Nats per predicted token. */
  crossEntropy: number
  /** KL(teacher || student), nats per predicted token; null without a teacher. */
  divergence: number | null
  /** (L) mean of I over learnable pairs, of each layer; null unless keys fade. */
  pairMeans: Float64Array | null
  /** Of all gradients together, before clipping. */
  gradientNorm: number
  /** Whether anything was not finite; the parameters are then as they were before. */
  finite: boolean
  /** By the device's clock; null where it has none. */
  seconds: number | null
}

/** Values of one parameter, row-major in the shape checkpoints have. */
export interface HostTensor {
  shape: readonly number[]
  values: Float32Array
}

/** Everything a run needs to continue with the same bits: parameters and both moments of AdamW, by canonical GPT-2 name. */
export interface TrainerState {
  weights: Map<string, HostTensor>
  firstMoments: Map<string, HostTensor>
  secondMoments: Map<string, HostTensor>
}

/** What a training run is written against (`Trainer` in trainer.ts is the one there is). */
export interface TrainerLike {
  /** Bytes by purpose, now and at their peak. */
  ledger(): Ledger
  step(inputs: StepInputs): Promise<StepReport>
  /**
   * Gives up the step under way where the device can do that and no parameter has been changed yet: `step` rejects with
   * `reason`, parameters and moments are those before it. The trainer takes no step after that.
   */
  abandon?(reason: unknown): void
  /** Parameters as they are now, for evaluation and export. */
  weights(): Promise<Map<string, HostTensor>>
  state(): Promise<TrainerState>
  restore(state: TrainerState): void
  close(): void
}
