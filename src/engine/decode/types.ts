/** Options and results of a decoder. */
import type { WeightDtype } from '../matmul.js'
import type { DecodeRule } from '../rules.js'

/** How keys and values are kept (docs/method.md, Paged cache and Slot cache): ours, the paper's, and one that never frees. */
export const CACHE_KINDS = ['paged', 'slots', 'mask'] as const
export type CacheKind = (typeof CACHE_KINDS)[number]

export interface DecoderOptions {
  rule: DecodeRule
  cache: CacheKind
  /** How keys and values are kept; interaction keys are f32 always, since a drop decision is a step function. */
  cacheDtype: WeightDtype
  /** B: sequences that can be held at a time, at slots 0 to B - 1. */
  slots: number
  /** Rows of prompts that pass through the model at a time. */
  chunk: number
  /** Times the stages of every step apart, where the adapter has a clock. Costs some speed. */
  profile?: boolean
  /** Every step gives back the logits of all its rows: for tests, one step a submission. */
  logits?: boolean
}

/** How the next token is chosen from the logits. */
export interface Sampling {
  /** 0 takes the arg max. */
  temperature: number
  /** Only the k most likely tokens; 0 is no limit. */
  topK: number
  /** Only the most likely tokens that together have this probability; 1 is no limit. */
  topP: number
  /** u32; the same seed gives the same tokens, whatever else is in the batch. */
  seed: number
}

export const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 }

export interface Prompt {
  /** A slot that holds no sequence. */
  slot: number
  tokens: ArrayLike<number>
  sampling: Sampling
  /** Taken for the token chosen after the prompt, whatever the logits say. */
  next?: number
}

/** The parts a step's time is split into. */
export const STAGES = ['projections', 'scores', 'attention', 'cache', 'mlp', 'head'] as const
export type Stage = (typeof STAGES)[number]

export interface StepResult {
  /**
   * (steps, sequences) the token chosen after each step, sequences in the order of the call; NO_TOKEN (sampling.ts) where logits were
   * not finite.
   */
  tokens: Uint32Array
  /** Time the device worked, by its own clock; null where it has none. */
  seconds: number | null
  /** The same by stage; null without `profile`. */
  stages: Record<Stage, number> | null
  /** After the last step. */
  usage: CacheUsage
  /** (rows, V) with `logits`: of every prompt row, prompt by prompt, or of every slot; else null. */
  logits: Float32Array | null
}

/** Bytes of keys, values and interaction keys of all layers. */
export interface CacheUsage {
  /** Of the buffers on the device. */
  allocated: number
  /** Of the pages or slots that a sequence holds. */
  held: number
  /** Of the rows that the next query may see. */
  live: number
  /** Live rows, [layer][slot]. */
  rows: Uint32Array[]
}
