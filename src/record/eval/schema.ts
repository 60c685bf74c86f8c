/**
 * The one record of an evaluation run, `asp.result/1`: what `asp eval` writes and every table reads.
 * `schemas/asp.result-1.schema.json` describes the same fields for other programs; test/record/eval/schema.test.ts
 * holds the two together. Keys that lm-evaluation-harness also writes keep its spelling (docs/lm-eval.md, Output files).
 */

export const SCHEMA = 'asp.result/1'

export const STATUSES = ['complete', 'incomplete'] as const
export const DTYPES = ['f32', 'f16'] as const
export const STORED_DTYPES = ['f32', 'f16', 'bf16', 'mixed'] as const
export const MODEL_SOURCES = ['bundled', 'folder', 'hub'] as const
/** Policies that go by the checkpoint alone; there are others, of a size, that need nothing of it. */
export const POLICIES = ['dense', 'adaptive'] as const
export const DATA_KINDS = ['sample', 'file', 'hub'] as const
export const OUTPUTS = ['multiple_choice', 'loglikelihood', 'loglikelihood_rolling'] as const
export const ADAPTER_KINDS = ['hardware', 'software', 'cpu'] as const

/** `incomplete` marks a run that was stopped; its figures are those of the documents scored so far. */
export type Status = (typeof STATUSES)[number]

/** A statistic, or lm-eval's word for one that does not exist: no standard error, nothing scored, not finite. */
export type Statistic = number | 'N/A'

/** What a suite asks of the model: choices, the log-probability of a target, or of a whole text. */
export type Output = (typeof OUTPUTS)[number]

export interface EvalRecord {
  schema: typeof SCHEMA
  kind: 'eval'
  status: Status
  /** Unix time of the start, seconds. */
  date: number
  /** Metrics by task; lm-eval's `results`. */
  results: Record<string, TaskResult>
  /** Figures of the groups that were named and have one; lm-eval's `groups`. */
  groups: Record<string, GroupResult>
  /** Tasks of every such group. */
  group_subtasks: Record<string, string[]>
  'n-samples': Record<string, { original: number; effective: number }>
  versions: Record<string, number | string>
  'n-shot': Record<string, number>
  higher_is_better: Record<string, Record<string, boolean>>
  tasks: Record<string, TaskRecord>
  /** The share of the run this record holds; null for a whole run, merged or not. */
  shard: ShardRecord | null
  model: ModelRecord
  policy: PolicyRecord
  sparsity: RunSparsity
  environment: EnvironmentRecord
  timing: TimingRecord
  memory: MemoryRecord
  /** SHA-256 over `identity_parts`: runs with the same identity may be compared request by request. */
  identity: string
  identity_parts: IdentityParts
  seed: number
  limit: number | null
  batch_tokens: number
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

/** lm-eval's `results[task]`: each metric under `"<metric>,none"` and `"<metric>_stderr,none"`. */
export interface TaskResult {
  name: string
  alias: string
  /** Documents the figures are over. */
  sample_len: number
  [metric: `${string},none`]: Statistic
}

/** Share `index` (from 1) of `count`. */
export interface ShardRecord {
  index: number
  count: number
}

/** The mean of one metric over a group's tasks, keyed as in `results`. */
export interface GroupResult {
  name: string
  alias: string
  /** Documents of all its tasks. */
  sample_len: number
  metric: string
  /** Every document counts the same; else every task does. */
  weight_by_size: boolean
  /** What the figure is, in a phrase. */
  note: string
  [metric: `${string},none`]: Statistic
}

export interface TaskRecord {
  /** Of the suite file: what makes two runs the same test, and what metrics are computed over. */
  suite: { version: number | string; protocol: string; output: Output }
  data: DataOrigin
  /** Documents chosen for the run, after `--limit`. */
  documents: number
  /** Documents scored whole; fewer than `documents` only in an incomplete record. */
  documents_scored: number
  requests: number
  /** Input tokens of all requests, each counted whole as if nothing were shared. */
  tokens_scored: number
  /** Token positions the model really ran, once what requests share is run once. */
  tokens_run: number
  sparsity: SparsityRecord
  /** What each scored document came to: two records are compared document by document without their sample logs. */
  per_document: PerDocumentRecord
  /** SHA-256 over this task's data, requests, protocol and model. */
  identity: string
  identity_parts: IdentityParts
  /** File name of the per-request log beside the record, when one was asked for. */
  samples: string | null
  reference: ReferenceScore[]
}

/** Columns of equal length, one value a scored document, in the order of documents. */
export interface PerDocumentRecord {
  /** First 16 hex digits of the document's SHA-256: equal for equal questions, whatever file they came from. */
  hash: string[]
  /** Position in the full split. */
  doc_id: number[]
  /** Of each metric that is a plain mean over documents (acc, acc_norm): its values, 0 or 1. */
  metrics: Record<string, number[]>
  /** Natural-log probability of the right choice, of the target, or of the whole text. */
  logprob: number[]
  /** What perplexities of whole texts spread `logprob` over; null unless rolling. */
  units: { words: number[]; bytes: number[] } | null
}

export interface DataOrigin {
  kind: (typeof DATA_KINDS)[number]
  /** Hub repository, file path, or where a bundled sample was drawn from. */
  source: string
  revision: string | null
  split: string
  /** Rows loaded, of `total` in the whole split (null when unknown). */
  rows: number
  total: number | null
  sha256: string | null
  note: string | null
}

/** A published score of a named model on the whole split. */
export interface ReferenceScore {
  model: string
  metric: string
  value: number
  source: string
}

export interface ModelRecord {
  id: string
  source: (typeof MODEL_SOURCES)[number]
  revision: string | null
  /** Of the weights, as read from the file or files. */
  sha256: string
  tokenizer_sha256: string
  parameters: number
  /** Size of the stored weights. */
  bytes: number
  /** How the weights were held while scoring. */
  dtype: (typeof DTYPES)[number]
  stored_dtype: (typeof STORED_DTYPES)[number]
  config: {
    vocab_size: number
    n_positions: number
    n_embd: number
    n_layer: number
    n_head: number
    n_inner: number
    /** Width r of the interaction projections; null when the checkpoint has none. */
    int_n_embd: number | null
  }
}

export interface PolicyRecord {
  name: string
  parameters: Record<string, number | string | boolean | null>
  /** Added to every layer's drop score (docs/method.md, Drop scores); null where no drop score decides. */
  threshold_shift: number | null
  calibration: CalibrationRecord | null
}

export interface CalibrationRecord {
  requested: number
  method: string
  seed: number
  /** Requests and input tokens of the sample the shift was found on. */
  requests: number
  tokens: number
  evaluations: { shift: number; requests: number; sparsity: number }[]
  /** What the chosen shift removes on that sample. */
  sample_sparsity: number
  seconds: number
}

export interface SparsityRecord {
  /** Share of causal pairs removed, mean over layers. */
  achieved: number
  per_layer: number[]
  /** Causal (query, key) pairs with key < query, summed over requests. */
  pairs: number
  /** Input tokens, and keys still alive after the last row, summed over requests. */
  kept_tokens: { total: number; per_layer: number[] }
}

export interface RunSparsity extends SparsityRecord {
  /** Null when the checkpoint's own threshold was used. */
  requested: number | null
  definition: string
}

export interface EnvironmentRecord {
  adapter: AdapterRecord
  /** Version of the `webgpu` package, which carries Dawn. */
  dawn: string
  node: string
  os: string
  cpu: string
  cores: number
  memory_bytes: number
  asp_version: string
  /** Of asp's own checkout, with `-dirty` when tracked files differ from it; null when installed from a package. */
  commit: string | null
}

export interface AdapterRecord {
  name: string
  vendor: string
  architecture: string
  driver: string
  backend: string
  kind: (typeof ADAPTER_KINDS)[number]
  /** The driver came with asp's own dependencies. */
  bundled: boolean
  features: string[]
}

export interface TimingRecord {
  load_s: number
  calibrate_s: number
  score_s: number
  total_s: number
  /** `tokens_scored` over `score_s`. */
  tokens_per_s: number
  requests_per_s: number
  /** Share of `score_s` during which the adapter worked, by its own clock; null where it has none. */
  adapter_busy: number | null
}

export interface MemoryRecord {
  /** Largest sum of live GPU buffers. */
  peak_bytes: number
  weights_bytes: number
  activations_bytes: number
  cache_bytes: number
  /** Largest size of each purpose on its own; they need not peak together. */
  peak_by_purpose: Record<string, number>
  /** Resident memory of the process at the end; holds the GPU buffers too when the adapter is a software one. */
  host_rss_bytes: number
}

/** SHA-256 of each thing that must be equal before two runs may be compared request by request. */
export interface IdentityParts {
  data: string
  requests: string
  protocol: string
  model: string
}
