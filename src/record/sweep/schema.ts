/**
 * The one record of a sweep, `asp.sweep/1`: every policy at every sparsity, with the whole records of the runs it is made of, so
 * that whatever reads those also reads a sweep. `schemas/asp.sweep-1.schema.json` describes the same fields for other programs;
 * test/record/sweep/schema.test.ts holds the two together.
 */
import type { BenchRecord } from '../bench/schema.js'
import type { EnvironmentRecord, EvalRecord, IdentityParts, ModelRecord, Status } from '../eval/schema.js'
import type { PplRecord } from '../ppl/schema.js'

export const SWEEP_SCHEMA = 'asp.sweep/1'

/** What is measured at each point of the grid, in the order it is done: suites, perplexity, memory and latency. */
export const SWEEP_PARTS = ['eval', 'ppl', 'bench'] as const
/** What points are compared in, the best ones first. */
export const OBJECTIVES = ['quality', 'cache', 'latency'] as const
/** One task's first metric, the mean of several tasks', or the loss on running text. */
export const QUALITY_KINDS = ['task', 'mean', 'perplexity'] as const
/**
 * `measured`: in the cache, by `asp bench`. `windows`, `requests`: keys alive at the ends of the windows of `asp ppl`, or of the
 * requests of the suites, times the bytes of a key.
 */
export const CACHE_SOURCES = ['measured', 'windows', 'requests'] as const

export type SweepPart = (typeof SWEEP_PARTS)[number]
export type Objective = (typeof OBJECTIVES)[number]
export type CacheSource = (typeof CACHE_SOURCES)[number]

export interface SweepRecord {
  schema: typeof SWEEP_SCHEMA
  kind: 'sweep'
  /** `incomplete`: stopped or still under way; cells and parts that are not done are null or incomplete themselves. */
  status: Status
  /** Unix time of the start, seconds. */
  date: number
  grid: SweepGrid
  model: ModelRecord
  /** The dense model first where it is in the grid, then policy by policy in the order they were named. */
  cells: SweepCell[]
  /** All cells at all context lengths, in one record; null until there is one. */
  ppl: PplRecord | null
  /** The cells that decoding can do; null until there is one. */
  bench: BenchRecord | null
  /** One for each quality and set of objectives; the first is the one that tables show. */
  frontiers: SweepFrontier[]
  environment: EnvironmentRecord
  timing: SweepTiming
  /** SHA-256 over `identity_parts`: sweeps with the same identity may be compared cell by cell. */
  identity: string
  /** Of the suites and of the perplexity's text; null where the sweep is without them. */
  identity_parts: { suites: IdentityParts | null; text: IdentityParts | null }
  seed: number
  /** Documents of each suite at most. */
  limit: number | null
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

/** As it was asked for. */
export interface SweepGrid {
  parts: SweepPart[]
  suites: string[]
  policies: string[]
  sparsities: number[]
  /** Context lengths of perplexity, memory and latency. */
  contexts: number[]
}

/** One policy at one sparsity. */
export interface SweepCell {
  /** `dense`, or `<policy>-<sparsity>` such as `adaptive-0.8`; file names are made of it. */
  id: string
  policy: string
  /** Share of causal pairs asked for; 0 for the dense model. */
  sparsity: number
  /** Policies whose sparsity 0 is this cell: nothing dropped is the dense model, bit for bit, and is run once. */
  stands_for: string[]
  /** A whole asp.result/1; null until it is begun, where no suite was asked for, and where it is refused. */
  eval: EvalRecord | null
  /** Parts that this cell is not in, and why: a policy cannot remove more than some share of short sequences. */
  refused: { part: SweepPart; reason: string }[]
}

/**
 * Points of one quality and what they cost. A point dominates another when its figures are at least as good in every objective
 * and better in one by more than the 95 % interval of the paired difference allows.
 */
export interface SweepFrontier {
  quality: {
    kind: (typeof QUALITY_KINDS)[number]
    /** The task, what the mean is over, or the text. */
    name: string
    metric: string
    higher_is_better: boolean
  }
  objectives: Objective[]
  /** Tokens of context the costs belong to; null where they are those of the suites' own requests. */
  ctx: number | null
  cache_source: CacheSource | null
  points: FrontierPoint[]
  /** What is compared and what is not, in words. */
  note: string
}

export interface FrontierPoint {
  cell: string
  quality: number
  /** Of the quality alone, not of differences; null where there is none. */
  quality_stderr: number | null
  /** Of one sequence, all layers. */
  cache_bytes: number | null
  /** Seconds of one step of decoding at `ctx`, median. */
  latency_s: number | null
  /** No other point dominates it. */
  on_frontier: boolean
  dominated_by: string[]
  /** Points that would dominate it by their figures alone, but whose lead is within the interval. */
  within_noise_of: string[]
}

/** Seconds of the runs the record is made of; what an interrupted one had taken before it was resumed is not among them. */
export interface SweepTiming {
  load_s: number
  eval_s: number
  ppl_s: number
  bench_s: number
  total_s: number
  /** What `total_s` was said to become before anything was measured. */
  estimated_s: number
}
