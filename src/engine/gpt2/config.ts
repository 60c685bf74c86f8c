import type { Activation } from '../activation.js'

/** Sizes of a GPT-2 family model; single letters are the names used for them everywhere else. */
export interface Gpt2Config {
  /** V: rows of the token table. */
  vocabSize: number
  /** Longest context in tokens (1,024 for every released GPT-2). */
  nPositions: number
  /** C: width of the residual stream. */
  nEmbd: number
  /** L: number of blocks. */
  nLayer: number
  /** H: attention heads; C / H must be 64. */
  nHead: number
  /** Width of the MLP's hidden layer, usually 4 C. */
  nInner: number
  layerNormEpsilon: number
  /** Of the MLP. */
  activation: Activation
  /** Present when the checkpoint can drop tokens (docs/method.md, Drop scores). */
  interaction: InteractionConfig | null
}

export interface InteractionConfig {
  /** r: width of the interaction queries and keys; a multiple of INTERACTION_STEP. */
  dim: number
  /** A token dropped in a layer stays dropped in all later layers. */
  propagateInDepth: boolean
}

/** How OpenAI's GPT-2 computes where others of its family do otherwise. */
export const AS_GPT2 = { activation: 'gelu-tanh' } as const satisfies Partial<Gpt2Config>

/** The only head width the kernels are written for. */
export const HEAD_DIM = 64

/** Kernels read interaction queries and keys four numbers at a time. */
export const INTERACTION_STEP = 4
