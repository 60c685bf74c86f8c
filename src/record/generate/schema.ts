/**
 * The record of one `asp generate` run, `asp.generate/1`, and the lines of its trace, `asp.trace/1`, which
 * schemas/asp.trace-1.schema.json describes for other programs.
 */
import type { CACHES } from '../bench/schema.js'
import type { DTYPES, EnvironmentRecord, MODEL_SOURCES, Status } from '../eval/schema.js'

export const GENERATE_SCHEMA = 'asp.generate/1'
export const TRACE_SCHEMA = 'asp.trace/1'

/** Why a text ended; `context`: the model's longest context was reached before `max_tokens`. */
export const FINISHES = ['eos', 'stop', 'length', 'context', 'interrupted'] as const
export type Finish = (typeof FINISHES)[number]

export interface GenerateRecord {
  schema: typeof GENERATE_SCHEMA
  kind: 'generate'
  /** `incomplete`: stopped before every text was over. */
  status: Status
  /** Unix time of the start, seconds. */
  date: number
  model: GenerateModel
  policy: GeneratePolicy
  sampling: GenerateSampling
  /** In the order of prompts, then of samples. */
  sequences: GeneratedSequence[]
  sparsity: GenerateSparsity
  cache: GenerateCache
  timing: GenerateTiming
  environment: EnvironmentRecord
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

export interface GenerateModel {
  id: string
  source: (typeof MODEL_SOURCES)[number]
  revision: string | null
  /** How weights are kept on the device. */
  dtype: (typeof DTYPES)[number]
}

export interface GeneratePolicy {
  name: string
  /** Added to every drop score; null where no drop score decides and where everything is kept. */
  threshold_shift: number | null
  /** Tokens of a text that the shift or the size belongs to; null where none was searched. */
  calibrated_ctx: number | null
}

export interface GenerateSampling {
  temperature: number
  top_k: number
  top_p: number
  /** Of the first text; each further one has the next. */
  seed: number
  max_tokens: number
  stop: string[]
  ignore_eos: boolean
}

export interface GeneratedSequence {
  prompt: number
  sample: number
  seed: number
  prompt_text: string
  /** What was written, without end token and stop string. */
  text: string
  prompt_tokens: number
  /** New tokens, the one that ended the text included. */
  tokens: number[]
  finish: Finish
  /** Share of (query, key) pairs removed, over layers; null for the dense policy. */
  sparsity: number | null
}

/** Over all texts; null for the dense policy. */
export interface GenerateSparsity {
  requested: number | null
  /** Share of causal pairs removed. */
  achieved: number | null
}

/** Bytes of keys, values and interaction keys when the sequences were longest together. */
export interface GenerateCache {
  kind: (typeof CACHES)[number]
  dtype: (typeof DTYPES)[number]
  /** Rows that the next query may see. */
  live_bytes: number
  /** The pages or slots they take up. */
  held_bytes: number
  /** Of the buffers they are in. */
  allocated_bytes: number
  /** Keys and values of as many positions with nothing dropped. */
  dense_bytes: number
}

export interface GenerateTiming {
  load_s: number
  calibrate_s: number
  prefill: Rate
  decode: Rate
}

export interface Rate {
  tokens: number
  seconds: number
}

/** One line of a trace: first the run, then each text as it ends, followed by its drops in the order they happened. */
export type TraceLine = TraceRun | TraceSequence | TraceDrop

export interface TraceRun {
  kind: 'run'
  schema: typeof TRACE_SCHEMA
  model: string
  revision: string | null
  threshold_shift: number | null
  layers: number
}

export interface TraceSequence {
  kind: 'sequence'
  sequence: number
  prompt_tokens: number
  tokens: number[]
  /** Text of each token by itself. */
  texts: string[]
}

/** `position` was dropped in `layer` by the query at `killer_position`, and no later query of that layer sees it. */
export interface TraceDrop {
  kind: 'drop'
  sequence: number
  layer: number
  position: number
  token: number
  text: string
  killer_position: number
  killer_token: number
  killer_text: string
}

/** A part of a text and the share of layers that have dropped it. */
export interface ShadedPiece {
  text: string
  /** 0 to 1. */
  share: number
}
