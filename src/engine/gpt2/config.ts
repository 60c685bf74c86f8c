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
  /** Whether scores of attention are divided by the root of a head's width. */
  scaledByWidth: boolean
  /** Whether they are divided by the number of the layer, counted from 1, as well. */
  scaledByLayer: boolean
  /** Biases that none of the layers has: not stored, not trained, zero in what is computed. */
  absentBiases: readonly BiasName[]
  /** Whether the output head is a table of its own, not the token table once more. */
  untiedHead: boolean
  /** Present when the checkpoint can drop tokens (docs/method.md, Drop scores). */
  interaction: InteractionConfig | null
}

/** Ends of the canonical names of biases. */
export const BIAS_NAMES = [
  'ln_1.bias',
  'attn.c_attn.bias',
  'attn.c_proj.bias',
  'ln_2.bias',
  'mlp.c_fc.bias',
  'mlp.c_proj.bias',
  'ln_f.bias',
] as const

export type BiasName = (typeof BIAS_NAMES)[number]

/** Whether a model has the bias of this canonical name. */
export function hasBias({ absentBiases }: Pick<Gpt2Config, 'absentBiases'>, name: string): boolean {
  return !absentBiases.some((end) => name === end || name.endsWith(`.${end}`))
}

export interface InteractionConfig {
  /** r: width of the interaction queries and keys; a multiple of INTERACTION_STEP. */
  dim: number
  /** A token dropped in a layer stays dropped in all later layers. */
  propagateInDepth: boolean
}

/** How OpenAI's GPT-2 computes where others of its family do otherwise. */
export const AS_GPT2 = {
  activation: 'gelu-tanh',
  scaledByWidth: true,
  scaledByLayer: false,
  absentBiases: [],
  untiedHead: false,
} as const satisfies Partial<Gpt2Config>

/** What the scale of scores goes by. */
export type ScoreSizes = Pick<Gpt2Config, 'nEmbd' | 'nHead' | 'scaledByWidth' | 'scaledByLayer'>

/** What a layer's scores of attention, q . k, are multiplied by. */
export function scoreScale(
  { nEmbd, nHead, scaledByWidth, scaledByLayer }: ScoreSizes,
  layer: number,
): number {
  return (scaledByWidth ? 1 / Math.sqrt(nEmbd / nHead) : 1) / (scaledByLayer ? layer + 1 : 1)
}

/** The only head width the kernels are written for. */
export const HEAD_DIM = 64

/** Kernels read interaction queries and keys four numbers at a time. */
export const INTERACTION_STEP = 4
