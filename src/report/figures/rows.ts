/** The figures of a report as flat rows, each with the place it was read from: all that plots and tables are made of. */
import type { ComparedMetric } from '../../record/compare/schema.js'
import type { RuleRecord } from '../../record/ppl/schema.js'
import type { ReportedRecord } from '../reported-record.js'
import type { XAxis } from './axes.js'

/** Where a figure stands: `records[record]` of the page, and a path inside that file, such as `contexts[0].rules[1]`. */
export interface Origin {
  record: number
  path: string
}

/** Of a 95 % interval; null where there is none. */
export interface Bounds {
  low: number | null
  high: number | null
}

/** What a policy decides by: a threshold shift, or a window, stride or budget in tokens. */
export interface DecidedBy {
  parameter: string
  value: number
}

/** What was measured: weights, what decided, and how much it was asked to drop. */
export interface Subject {
  /** A name that no other weights of the page have. */
  checkpoint: string
  /** `dense` where nothing is dropped. */
  policy: string
  /** Share of causal pairs to remove; null where none was asked for. */
  requested: number | null
  /** Null where nothing is dropped. */
  by: DecidedBy | null
}

/** A metric of a task or group. */
export interface QualityRow extends Origin, Subject, Bounds {
  task: string
  metric: string
  higherIsBetter: boolean
  value: number
  documents: number
  /** Of the requests: figures of other documents or prompts are no points of one line. */
  set: string
  shots: number | null
  /** Share of causal pairs removed. */
  sparsity: number
  /** KV footprint. */
  footprint: number
  complete: boolean
}

/** Of a recall task; bounds are of the margin. */
interface RecallFiguresRow extends Origin, Subject, Bounds {
  task: string
  /** Of the requests, and of what may be dropped of them. */
  set: string
  /** What the policy knew of the question, as the record's note says it. */
  question: string
  items: number
  /** Shares of items. */
  right: number
  chance: number
  exact: number
  /** Nats. */
  margin: number
}

/** At one length and depth. */
export interface RecallRow extends RecallFiguresRow {
  length: number
  depth: number
}

/** At answers so far from the end of the prompt, whatever the length. */
export interface RecallDistanceRow extends RecallFiguresRow {
  /** Mean, in tokens. */
  distance: number
  /** Of its class, in tokens. */
  from: number
  to: number
}

/** Perplexity of a text at one context length. */
export interface LossRow extends Origin, Subject, Bounds {
  text: string
  /** Of the text and what of it is scored. */
  set: string
  protocol: string
  ctx: number
  rule: RuleRecord['rule']
  /** Of a soft rule. */
  alpha: number | null
  sparsity: number
  /** KV footprint; null of a soft rule. */
  footprint: number | null
  tokens: number
  nll: number
  perplexity: number | null
  /** Loss less the dense rule's of the same weights, nats a token. */
  delta: number | null
  deltaLow: number | null
  deltaHigh: number | null
  kl: number | null
  agreement: number | null
}

/** Loss less the dense rule's, for tokens with `from` to `to` tokens before them. */
export interface PositionRow extends Origin, Subject, Bounds {
  text: string
  ctx: number
  from: number
  to: number
  tokens: number
  delta: number
}

/** What each layer of one run dropped. */
export interface LayerRow extends Origin, Subject {
  /** What it was counted on. */
  on: string
  /** Share of causal pairs removed. */
  perLayer: number[]
}

/** One test of a benchmark. */
export interface SpeedRow extends Origin, Subject {
  test: string
  ctx: number
  depth: number
  generates: boolean
  batch: number | null
  /** Precision and cache. */
  setting: string
  tokensPerSecond: number
  low: number
  high: number
  /** Whether `low` and `high` are a 95 % interval; else they are the whole range. */
  enough: boolean
  stepSeconds: number | null
  stepLow: number | null
  stepHigh: number | null
  speedup: number | null
  /** Of one sequence at the end of the test. */
  liveBytes: number | null
  liveRatio: number | null
  dropped: number | null
}

/** Decoding along the context: a point a stretch of lengths. */
export interface CurveRow extends Origin, Subject {
  /** That the threshold belongs to. */
  ctx: number
  batch: number | null
  setting: string
  /** Tokens of a sequence at the end of each stretch. */
  lengths: number[]
  /** Medians over the stretch. */
  stepSeconds: number[]
  /** Of one sequence, at the end of the stretch. */
  liveBytes: number[]
}

/** Some steps of a training, averaged. */
export interface StepRow extends Origin {
  run: string
  step: number
  crossEntropy: number
  pairMean: number | null
  alpha: number | null
  rate: number
}

/** Held-out text at one point of a training. */
export interface EvaluationRow extends Origin, Bounds {
  run: string
  step: number
  ctx: number
  /** Of the written checkpoint, not on the way. */
  final: boolean
  rule: string
  nll: number
  perplexity: number | null
  sparsity: number
}

/** A quality beside what it costs. */
export interface TradeRow extends Origin, Subject, Bounds {
  /** The record of the sweep that it was judged in; null for separate records, which the report judges. */
  sweep: number | null
  /** Of a suite, or a text. */
  of: string
  metric: string
  higherIsBetter: boolean
  value: number
  cost: 'cache' | 'latency'
  /** Where it was measured, or counted, and what dominance is over. */
  where: string
  /** Bytes of one sequence, or seconds of one step. */
  amount: number
  /** `within noise`: another's figures are at least as good, but its lead is within the interval. */
  state: 'frontier' | 'within noise' | 'dominated'
  /** Who does better. */
  betterOnes: string[]
}

/** A metric of one record against the base's. */
export interface ComparisonRow extends Origin, Bounds {
  /** Files. */
  base: string
  compared: string
  test: string
  metric: string
  higherIsBetter: boolean
  scale: ComparedMetric['scale']
  before: number
  after: number
  /** On `scale`. */
  change: number
  /** The change that is still taken for none, on the side where it is a loss. */
  limit: number
  n: number
  /** Holm-corrected. */
  p: number | null
  verdict: ComparedMetric['verdict']
  reason: string
}

/** All rows that some records give. */
export interface Figures {
  quality: QualityRow[]
  losses: LossRow[]
  positions: PositionRow[]
  layers: LayerRow[]
  recalls: RecallRow[]
  recallDistances: RecallDistanceRow[]
  speeds: SpeedRow[]
  curves: CurveRow[]
  steps: StepRow[]
  evaluations: EvaluationRow[]
  trades: TradeRow[]
  comparisons: ComparisonRow[]
}

/** A record as the page lists it. */
export interface RecordInfo {
  file: string
  schema: ReportedRecord['schema']
  status: string
  /** ISO, UTC. */
  date: string
  model: string
  /** Null where a record has none of its own. */
  adapter: string | null
  version: string | null
  commit: string | null
  /** As typed. */
  command: string
}

export interface PageData extends Figures {
  title: string
  /** When the page was made, ISO, UTC. */
  made: string
  /** What quality and perplexity are drawn over. */
  x: XAxis
  records: RecordInfo[]
}
