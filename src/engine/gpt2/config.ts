import type { Activation } from '../activation.js'
import type { Method } from '../methods.js'

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
  /** Present when the checkpoint can drop tokens by pairs of query and key (docs/method.md, Drop scores). */
  interaction: InteractionConfig | null
  /** Present when it was taught to drop them in another way (docs/method.md, Gates). */
  gate: GateConfig | null
  /**
   * Whether keys fade by what later queries select of them, under any rule, and are dropped by it (docs/method.md, Selective attention). At
   * most one of the three is there.
   */
  selective: boolean
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
  /** Queries after it that do not drop a token (docs/method.md, Drop scores). */
  grace: number
}

/** The drop scores' part of the constants of a kernel that decides by them. */
export const interactionConstants = ({
  interaction,
}: Pick<Gpt2Config, 'interaction'>): { PROPAGATE: number; GRACE: number } => ({
  PROPAGATE: Number(interaction?.propagateInDepth ?? false),
  GRACE: interaction?.grace ?? 0,
})

/** What a checkpoint that one of the other methods taught decides by. */
export type GateConfig = KvzapConfig | TrimkvConfig

/** A gate's tensors of a layer: (1, C) and (1). */
export const GATE_NAMES = ['attn.gate.weight', 'attn.gate.bias'] as const

/** A score predicts the log of the most attention that a key will get; below the threshold it dies once out of the window. */
export interface KvzapConfig {
  method: 'kvzap'
  /** Positions before a key may die, at least 1. */
  window: number
  /** Log of attention. */
  threshold: number
}

/** A score says how fast a key fades with its age. */
export interface TrimkvConfig {
  method: 'trimkv'
}

/** How OpenAI's GPT-2 computes where others of its family do otherwise. */
export const AS_GPT2 = {
  activation: 'gelu-tanh',
  scaledByWidth: true,
  scaledByLayer: false,
  absentBiases: [],
  untiedHead: false,
  gate: null,
  selective: false,
} as const satisfies Partial<Gpt2Config>

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

/** What the scale of scores goes by. */
export type ScoreSizes = Heads & Pick<Gpt2Config, 'scaledByWidth' | 'scaledByLayer'>

/** What a layer's scores of attention, q . k, are multiplied by. */
export function scoreScale({ scaledByWidth, scaledByLayer, ...heads }: ScoreSizes, layer: number): number {
  return (scaledByWidth ? 1 / Math.sqrt(headDim(heads)) : 1) / (scaledByLayer ? layer + 1 : 1)
}

/** Columns that a gate's score has in memory: itself and three zeros, as products come in fours. */
export const GATE_COLUMNS = 4

type Learned = Pick<Gpt2Config, 'interaction' | 'gate' | 'selective'>

/** Numbers of a cached key that it is judged by later: an interaction key, or the first head's; a gate has judged it when it came. */
export const keptWidth = (config: Heads & Omit<Learned, 'gate'>): number =>
  config.selective ? headDim(config) : (config.interaction?.dim ?? 0)

/** Numbers of a token in a layer that drop decisions are made from: queries and keys of that width, or a gate's columns. */
export const decisionWidth = (config: Heads & Learned): number =>
  config.gate === null ? 2 * keptWidth(config) : GATE_COLUMNS

/** The method that a checkpoint was taught to drop by; null where it cannot. */
export function methodOf({ interaction, gate, selective }: Learned): Method | null {
  if (selective) return 'selective'
  return interaction === null ? (gate?.method ?? null) : 'adaptive'
}

/** Kernels read interaction queries and keys four numbers at a time. */
export const INTERACTION_STEP = 4
