/**
 * The record of one `asp bench` run, `asp.bench/1`: what tables, CSV and comparisons are made from.
 * `schemas/asp.bench-1.schema.json` describes the same fields; test/record/bench-schema.test.ts holds the two together.
 */

import type { DTYPES, EnvironmentRecord, STORED_DTYPES, Status } from '../eval/schema.js'
import type { SizedRecord } from '../ppl/schema.js'

export const BENCH_SCHEMA = 'asp.bench/1'

export const BENCH_MODEL_SOURCES = ['bundled', 'folder', 'hub', 'random'] as const
export const BENCH_DATA_KINDS = ['sample', 'file', 'random'] as const
/** Who decides what is dropped: nobody, trained weights, a hash that stands in for them, or a policy of a size. */
export const DROPS = ['none', 'learned', 'synthetic', 'policy'] as const
export const CACHES = ['paged', 'slots', 'mask'] as const
export const RESULT_STATUSES = ['measured', 'does not fit', 'not run'] as const
export const CLOCKS = ['device', 'host'] as const
/** Parts of a step's time, in the order of tables. */
export const BENCH_STAGES = ['projections', 'scores', 'attention', 'cache', 'mlp', 'head'] as const

export type BenchStage = (typeof BENCH_STAGES)[number]
type Dtype = (typeof DTYPES)[number]

export interface BenchRecord {
  schema: typeof BENCH_SCHEMA
  kind: 'bench'
  /** `incomplete`: stopped; every figure is over what was measured until then. */
  status: Status
  /** Unix time of the start, seconds. */
  date: number
  model: BenchModel
  data: BenchData
  method: BenchMethod
  configurations: BenchConfiguration[]
  results: BenchResult[]
  curves: BenchCurve[]
  environment: EnvironmentRecord
  timing: BenchTiming
  memory: BenchMemory
  /** What was chosen, left out or found odd, in words. */
  notes: string[]
  seed: number
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

export interface BenchModel {
  id: string
  source: (typeof BENCH_MODEL_SOURCES)[number]
  revision: string | null
  /** Of the weight files; null for random weights, which `seed` gives again. */
  sha256: string | null
  parameters: number
  /** Size of the weights as stored. */
  bytes: number
  stored_dtype: (typeof STORED_DTYPES)[number]
  config: {
    vocab_size: number
    n_positions: number
    n_embd: number
    n_layer: number
    n_head: number
    n_inner: number
    int_n_embd: number | null
  }
}

/** What the model is fed. */
export interface BenchData {
  kind: (typeof BENCH_DATA_KINDS)[number]
  /** Where the text is from. */
  source: string
  tokens: number
  sha256: string
  /** Whether the sequences of the largest batch share no token of the text. */
  distinct: boolean
}

/** How measuring was done. */
export interface BenchMethod {
  /** What tokens/s and ratios are computed from. */
  clock: (typeof CLOCKS)[number]
  repetitions: { asked: number; done: number }
  warm_up: boolean
  order: string
  steps_per_submission: number
  prefill_chunk: number
  delay_s: number
  /** Seconds the run was to take at most; null: no limit. */
  max_time_s: number | null
  /** Whether kernels were chosen by timing them on this adapter. */
  tuned: boolean
}

export interface BenchConfiguration {
  id: number
  /** Tokens of the longest sequence; the length the threshold belongs to. */
  ctx: number
  policy: string
  drops: (typeof DROPS)[number]
  /** Share of causal pairs to remove; null: none was asked for. */
  sparsity: number | null
  threshold_shift: number | null
  /** Of a policy of a size. */
  sized: SizedRecord | null
  calibration: BenchCalibration | null
  /** B: sequences at a time; null where the largest was asked for and is not known. */
  batch: number | null
  batch_asked: number | 'max'
  dtype: Dtype
  cache: (typeof CACHES)[number]
  cache_dtype: Dtype
  /** The dense configuration it is compared with. */
  baseline: number | null
  /**
   * Bytes of weights, activations and cache at `ctx` by the plan (a numbered batch's as if nothing were dropped), and
   * what the adapter has; null where it is not known.
   */
  needs_bytes: number | null
  has_bytes: number | null
}

export interface BenchCalibration {
  sample_sparsity: number
  windows: number
  evaluations: { shift: number; sparsity: number }[]
}

/** A median, and an interval that holds it with `confidence`: `enough` says that this is 95 % or more. */
export interface Figure {
  median: number
  low: number
  high: number
  confidence: number
  enough: boolean
}

/** One test of one configuration. */
export interface BenchResult {
  configuration: number
  /** llama-bench's name, such as `tg128 @ d512`. */
  test: string
  prompt: number
  gen: number
  depth: number
  status: (typeof RESULT_STATUSES)[number]
  /** Why it does not fit or was not run. */
  reason: string | null
  /** Tokens of one repetition, all sequences together. */
  tokens: number
  samples: BenchSample[]
  tokens_per_s: Figure | null
  /** By the host's clock, whatever `method.clock` is. */
  host_tokens_per_s: Figure | null
  /** Seconds of one step of the whole batch; tests that only generate. */
  step_s: Figure | null
  /** Host seconds from handing over what precedes generation to having the first token. */
  first_token_s: Figure | null
  /** Tokens/s over the baseline's, round by round. */
  speedup: Figure | null
  /** The same by processor time: on a busy machine with a software adapter the steadier of the two. */
  cpu_speedup: Figure | null
  /** Share of the host's time during which the adapter worked. */
  busy: number | null
  /** What two identical configurations differ by; null unless noise was measured (`--calibrate`). */
  noise: BenchNoise | null
  cache: BenchCache | null
  stages: Record<BenchStage, number> | null
  /** Tokens of the run that `stages` (seconds) was taken in. */
  stage_tokens: number | null
}

export interface BenchSample {
  round: number
  device_s: number | null
  host_s: number
  /** Processor time of this process: the device's work too, where the adapter is a software one. */
  cpu_s: number
  first_token_s: number
  /** Resident memory of the process after it. */
  rss_bytes: number
}

/** An A/A run: the same test of the same configuration once more each round, as if it were another configuration. */
export interface BenchNoise {
  samples: BenchSample[]
  /** Of its seconds over those of the result's own samples, round by round, by `method.clock`: the geometric mean. */
  ratio: number
  /** The far end of that ratio's 95 % interval, as a share above 1; null with fewer than two rounds. */
  floor: number | null
}

/** Bytes of keys, values and interaction keys, all layers and sequences. */
export interface BenchCache {
  /** Most that was allocated after any submission of the test. */
  peak_bytes: number
  /** When the test ends: on the device, in pages or slots that belong to a sequence, in rows a query may see. */
  allocated_bytes: number
  held_bytes: number
  live_bytes: number
  /** `live_bytes` of a sequence over the baseline's; null without one. */
  live_ratio: number | null
  /** Share of tokens that are dropped when the test ends, mean over layers and sequences. */
  dropped: number
}

/** One token at a time, from one token of context to `ctx`; a point an entry. */
export interface BenchCurve {
  configuration: number
  /** Steps of a submission. */
  step: number
  /** Configurations that took turns with it. */
  interleaved_with: number[]
  /** Tokens of a sequence after the step. */
  lengths: number[]
  /** Seconds of one step of the whole batch. */
  device_s: number[] | null
  host_s: number[]
  allocated_bytes: number[]
  held_bytes: number[]
  live_bytes: number[]
  /** Live bytes of a sequence over the baseline's at the same length. */
  live_ratio: number[] | null
}

export interface BenchTiming {
  tokenize_s: number
  load_s: number
  calibrate_s: number
  warm_up_s: number
  measure_s: number
  curve_s: number
  stages_s: number
  total_s: number
}

export interface BenchMemory {
  /** Largest sum of GPU buffers, and of each purpose on its own. */
  peak_bytes: number
  peak_by_purpose: Record<string, number>
  weights_bytes: number
  /** Largest resident memory of the process; holds GPU buffers too when the adapter is a software one. */
  host_peak_rss_bytes: number
}
