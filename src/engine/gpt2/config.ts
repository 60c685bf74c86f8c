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
  /** H: attention heads; see `headDim` for how wide they are. */
  nHead: number
  /** Width of the MLP's hidden layer, usually 4 C. */
  nInner: number
  layerNormEpsilon: number
  /** Present when the checkpoint can drop tokens (docs/method.md, Drop scores). */
  interaction: InteractionConfig | null
}

export interface InteractionConfig {
  /** r: width of the interaction queries and keys; a multiple of INTERACTION_STEP. */
  dim: number
  /** A token dropped in a layer stays dropped in all later layers. */
  propagateInDepth: boolean
}

/** D of every released GPT-2, and of models that begin from random weights. */
export const HEAD_DIM = 64

/** D must be a multiple of `step`, as kernels read four numbers at a time, and no more than the widest that they keep at hand. */
export const HEAD_LIMITS = { step: 4, most: 128 } as const

type Heads = Pick<Gpt2Config, 'nEmbd' | 'nHead'>

/** D: dimensions of a head. */
export const headDim = ({ nEmbd, nHead }: Heads): number => nEmbd / nHead

/** Whether there are kernels for heads of D dimensions. */
export const isHeadDim = (D: number): boolean =>
  D >= HEAD_LIMITS.step && D <= HEAD_LIMITS.most && D % HEAD_LIMITS.step === 0

/** P: dimensions of a head as attention's kernels know it. Those past D are zeros, which change no score and no sum. */
export const headWidth = (config: Heads): 64 | 128 => (headDim(config) <= 64 ? 64 : 128)

/** A: queries, keys or values of all heads side by side, P each. */
export const attentionWidth = (config: Heads): number => config.nHead * headWidth(config)

/** What attention multiplies q . k by. */
export const attentionScale = (config: Heads, _layer: number): number => 1 / Math.sqrt(headDim(config))

/** Kernels read interaction queries and keys four numbers at a time. */
export const INTERACTION_STEP = 4
