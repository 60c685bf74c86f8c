/**
 * The record of a perplexity run, `asp.ppl/1`: what `asp ppl` writes and every table of it reads.
 * `schemas/asp.ppl-1.schema.json` describes the same fields for other programs; test/record/ppl/schema.test.ts holds
 * the two together. What a run of `asp eval` also has is spelled as there (schema.ts).
 */
import type { EnvironmentRecord, IdentityParts, MemoryRecord, ModelRecord, Status } from '../eval/schema.js'

export const PPL_SCHEMA = 'asp.ppl/1'

export const RULE_KINDS = ['dense', 'step', 'soft', 'sized'] as const
export const SIZE_NAMES = ['window', 'stride', 'budget'] as const
export const TEXT_KINDS = ['sample', 'file', 'stdin', 'hub'] as const
export const PROTOCOL_NAMES = ['windowed', 'strided', 'llama'] as const

export interface PplRecord {
  schema: typeof PPL_SCHEMA
  kind: 'ppl'
  /** `incomplete`: stopped; a context's figures are then over its first windows, and later contexts are missing. */
  status: Status
  /** Unix time of the start, seconds. */
  date: number
  text: TextRecord
  protocol: ProtocolRecord
  model: ModelRecord
  /** Names joined by `+` where there are several; `propagate_in_depth` is the checkpoint's. */
  policy: { name: string; propagate_in_depth: boolean | null }
  /** How `sparsity` figures are counted. */
  definitions: Record<string, string>
  /** In the order they were asked for. */
  contexts: ContextRecord[]
  environment: EnvironmentRecord
  timing: PplTiming
  memory: MemoryRecord
  /** SHA-256 over `identity_parts`: runs with the same identity may be compared window by window. */
  identity: string
  identity_parts: IdentityParts
  seed: number
  /** Tokens of text scored at most, a context. */
  limit: number | null
  batch_tokens: number
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

export interface TextRecord {
  sources: TextSourceRecord[]
  /** Field of the rows that was read, where there were rows. */
  column: string
  documents: number
  /** UTF-16 units. */
  characters: number
  bytes: number
  words: number
  tokens: number
  /** Tokens of the text that windows are cut from: all of it, or evenly spread stretches. */
  stretches: { start: number; end: number }[]
  /** Of the text itself, UTF-8, documents joined. */
  sha256: string
}

export interface TextSourceRecord {
  kind: (typeof TEXT_KINDS)[number]
  source: string
  revision: string | null
  split: string | null
  documents: number
  sha256: string
}

export interface ProtocolRecord {
  name: (typeof PROTOCOL_NAMES)[number]
  description: string
  /** The start token that stands before the text; null where the protocol has none. */
  prefix_token: number | null
}

export interface ContextRecord {
  /** n: tokens fed at once. */
  ctx: number
  /** Tokens between beginnings of windows, of the strided protocol. */
  stride: number | null
  /** Windows of this context, and how many of them the figures are over. */
  windows_planned: number
  windows: number
  /** What was scored: every prediction counts once. */
  tokens: number
  words: number
  bytes: number
  /** `tokens` by those of the whole text. */
  share_of_text: number
  /** Of each window: place in the text of its first scored token, scored tokens, rows fed. */
  samples: { first: number[]; tokens: number[]; rows: number[] }
  /** The dense rule first, then every level: its policy of a size, or the step function and each alpha. */
  rules: RuleRecord[]
  seconds: { calibrate: number; score: number; adapter: number | null }
}

export interface RuleRecord {
  /** What decides: `dense` where nothing is dropped. */
  policy: string
  /** Nothing dropped; dropped for good where the drop score is not above 0; faded by the alpha-sigmoid; dropped by position. */
  rule: (typeof RULE_KINDS)[number]
  /** S_pair asked for; null where a shift was given, and for the dense rule. */
  requested: number | null
  /** Added to every drop score; null where no drop score decides. */
  shift: number | null
  /** Null where drop scores decide, and for the dense rule. */
  sized: SizedRecord | null
  alpha: number | null
  calibration: PplCalibration | null
  /** Negative log-likelihood a token, nats. */
  nll: number
  /** Of `nll`, windows as units, for tokens of one window are not independent; null with a single window. */
  nll_stderr: number | null
  /** As if all tokens were independent, as llama-perplexity has it. */
  nll_stderr_tokens: number
  /** exp of `nll`. Of these four, null stands for what is not finite: no word, or a model gone astray. */
  perplexity: number | null
  word_perplexity: number | null
  byte_perplexity: number | null
  bits_per_byte: number | null
  /** Against the dense rule, token by token; null for the dense rule itself. */
  delta: DeltaRecord | null
  /** Null for the dense rule. */
  sparsity: PplSparsity | null
  /** KL(dense || this rule) a predicted token over the whole vocabulary, nats. */
  kl: KlRecord | null
  /** Share of predictions whose most likely token is the dense rule's. */
  top1_agreement: { value: number; stderr: number | null } | null
  /** By how many tokens the prediction had before it in its window. */
  positions: PositionRecord[]
  /** Of each window, sums over its scored tokens; sparsity is the window's S_pair, mean over layers. */
  samples: { nll: number[]; kl: number[] | null; agreed: number[] | null; sparsity: number[] | null }
}

/** A policy of a size, which is counted so that S_pair is nearest to what was asked for at the context length. */
export interface SizedRecord {
  policy: string
  /** What the size is called. */
  parameter: (typeof SIZE_NAMES)[number]
  /** In tokens. */
  size: number
}

export interface DeltaRecord {
  nll: number
  /** Paired, windows as units. */
  stderr: number | null
  /** Paired, as if all tokens were independent. */
  stderr_tokens: number
  /** Perplexity by the dense one's. */
  perplexity_ratio: number
}

export interface KlRecord {
  mean: number
  stderr: number | null
  median: number
  p99: number
  max: number
}

export interface PplSparsity {
  /** S_pair, mean over layers (docs/method.md, Sparsity); of a soft rule one minus the mean keep factor of pairs. */
  achieved: number
  per_layer: number[]
  /** S@ctx, the share of earlier tokens that the last row no longer sees, mean over windows of full length; null under a soft rule. */
  at_ctx: number | null
  at_ctx_per_layer: number[] | null
  /** Causal pairs of the windows. */
  pairs: number
}

/** Rows `from` to `to` of the windows, inclusive, counted from 0. */
export interface PositionRecord {
  from: number
  to: number
  tokens: number
  nll: number
  delta: number | null
  delta_stderr: number | null
  kl: number | null
  top1_agreement: number | null
  /** Mean S(k) of the rows, over layers; null under a soft rule. */
  sparsity: number | null
}

export interface PplCalibration {
  method: string
  windows: number
  evaluations: { shift: number; windows: number; sparsity: number }[]
  sample_sparsity: number
  seconds: number
}

export interface PplTiming {
  load_s: number
  calibrate_s: number
  score_s: number
  total_s: number
  /** Rows fed, once a rule, over `score_s`. */
  tokens_per_s: number
  /** Share of `score_s` during which the adapter worked, by its own clock; null where it has none. */
  adapter_busy: number | null
}
