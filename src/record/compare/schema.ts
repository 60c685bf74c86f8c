/**
 * The record of `asp compare`, `asp.compare/1`: what tables, pull-request comments and test reports are made from.
 * `schemas/asp.compare-1.schema.json` describes the same fields; test/record/compare/schema.test.ts holds the two together.
 */

export const COMPARE_SCHEMA = 'asp.compare/1'

export const VERDICTS = ['better', 'same', 'worse', 'inconclusive'] as const
/** How a change is written: new minus base, or new over base minus 1. */
export const SCALES = ['difference', 'ratio'] as const
/** By what p and interval were computed. */
export const METHODS = [
  'exact McNemar, score interval',
  'paired t, bootstrap interval',
  'paired t',
  'paired t and exact McNemar, bootstrap interval',
  'rounds beyond the noise floor',
  'size alone',
] as const
/** Where a margin is from: the table of usual ones, or `--margin`. */
export const MARGIN_SOURCES = ['usual', 'asked'] as const

export type Verdict = (typeof VERDICTS)[number]
export type Scale = (typeof SCALES)[number]
export type Method = (typeof METHODS)[number]

export interface CompareRecord {
  schema: typeof COMPARE_SCHEMA
  kind: 'compare'
  /** Unix time, seconds. */
  date: number
  /** `worse` when any test says so; else `inconclusive` when any is; else `better` or `same`. */
  verdict: Verdict
  /** Level of the family of all tests, and of intervals (1 - alpha). */
  alpha: number
  /** Chance with which a change of `detectable` would have been found. */
  power: number
  /** Tests that Holm's correction is over. */
  tests: number
  base: ComparedRecord
  comparisons: Comparison[]
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

export interface ComparedRecord {
  file: string
  schema: string
  date: number
  /** What may differ between records that are compared: model, policy, sparsity, versions, adapter. */
  settings: Record<string, string>
}

/** One record against the base. */
export interface Comparison {
  record: ComparedRecord
  verdict: Verdict
  /** Settings that are not the base's. */
  differs: string[]
  results: ComparedMetric[]
  flips: Flip[]
  /** What could not be compared, in words. */
  notes: string[]
}

export interface ComparedMetric {
  /** Point of a sweep; '' in other records. */
  cell: string
  /** Suite, or what was measured, such as `ctx 512, step 0.8` and `tg64 @ d448, adaptive 0.8`. */
  task: string
  metric: string
  higher_is_better: boolean
  base: number
  new: number
  scale: Scale
  /** On `scale`, and its interval; null where one unit, or none, tells nothing of the spread. */
  change: number
  low: number | null
  high: number | null
  method: Method
  /** Documents, windows or rounds. */
  n: number
  /** Documents only one of the two got right; null where there are no right and wrong ones. */
  discordant: { gained: number; lost: number } | null
  /** Null where nothing is tested: amounts without noise, or noise that was not measured. */
  p: number | null
  p_holm: number | null
  /** The loss that is taken for none, above 0, on `scale`. */
  margin: number
  margin_source: (typeof MARGIN_SOURCES)[number]
  /** Change that identical runs show, on `scale`; null where it was not measured or is none. */
  floor: number | null
  /** Smallest true loss called worse with chance `power`, on `scale`; null where none would be. */
  detectable: number | null
  verdict: Verdict
  /** Why, in a phrase. */
  reason: string
}

/** A document that one of the two got right. */
export interface Flip {
  cell: string
  task: string
  metric: string
  /** Right in the base and now wrong, or the other way. */
  kind: 'lost' | 'gained'
  doc_id: number
  hash: string
  /** What was asked; null where the data is not at hand. */
  text: string | null
}
