/** ONE table of metrics: value per document, aggregate, standard error (docs/lm-eval.md, Metrics and Standard errors). Pure. */

import { Failure } from '../errors.js'
import type { Output } from '../record/eval/schema.js'
import { argmax, mean, meanStandardError, sum } from '../stats/basics.js'
import {
  BOOTSTRAP_ITERATIONS,
  bootstrapStandardError,
  STATISTICS,
  type StatisticName,
} from '../stats/replicates.js'
import type { Score } from './score.js'

export type { Output }

/** What metrics need of a document besides its scores. */
export interface Answer {
  /** Index of the right choice; null unless multiple choice. */
  gold: number | null
  /** Code points of each choice without the delimiter, what acc_norm divides by. Else empty. */
  choiceLengths: number[]
  /** Tokens of each choice as scored, what acc_norm_tokens divides by; only needed by it. */
  choiceTokens?: number[]
  /** Words and UTF-8 bytes rolling metrics divide by; null unless rolling. */
  counts: { words: number; bytes: number } | null
}

/** The part of a suite that says what is computed. */
export interface Measured {
  output: Output
  metrics: readonly MetricName[]
}

/** A document's contribution: a value, or a pair (log-probability, units it is spread over). */
export type MetricItem = number | [logprob: number, units: number]
export type DocumentMetrics = Partial<Record<MetricName, MetricItem>>

/** What metrics need of a score. */
type Judged = Pick<Score, 'logprob' | 'greedy'>

type PerDocument<T> = Partial<Record<Output, (answer: Answer, scores: readonly Judged[]) => T>>

interface ValueMetric {
  kind: 'value'
  higherIsBetter: boolean
  item: PerDocument<number>
  aggregate(values: readonly number[]): number
  /** No verdict of 0 or 1, but a quantity. */
  graded?: true
  /** By bootstrap of what is computed of the mean, or else that of the mean itself. */
  bootstrap?: StatisticName
}

/** A total log-probability over a total of units; lm-eval defines no standard error for these. */
interface RatioMetric {
  kind: 'ratio'
  higherIsBetter: boolean
  item: PerDocument<[number, number]>
  aggregate(logprob: number, units: number): number
}

const expOfMinus = STATISTICS.exp_of_minus

export const METRICS = {
  acc: {
    kind: 'value',
    higherIsBetter: true,
    item: {
      multiple_choice: ({ gold }, scores) => Number(argmax(scores.map((s) => s.logprob)) === gold),
      loglikelihood: (_, [score]) => Number(score.greedy),
    },
    aggregate: mean,
  },
  acc_norm: {
    kind: 'value',
    higherIsBetter: true,
    item: {
      multiple_choice: ({ gold, choiceLengths }, scores) =>
        Number(argmax(scores.map((s, k) => s.logprob / choiceLengths[k])) === gold),
    },
    aggregate: mean,
  },
  acc_norm_tokens: {
    kind: 'value',
    higherIsBetter: true,
    item: {
      multiple_choice: ({ gold, choiceTokens = [] }, scores) =>
        Number(argmax(scores.map((s, k) => s.logprob / choiceTokens[k])) === gold),
    },
    aggregate: mean,
  },
  /** What greedy decoding would write: every token of the right choice is the likeliest where it stands. */
  exact_match: {
    kind: 'value',
    higherIsBetter: true,
    item: { multiple_choice: ({ gold }, scores) => Number(scores[gold ?? 0].greedy) },
    aggregate: mean,
  },
  /** Nats between the right choice and the likeliest of the others. */
  margin: {
    kind: 'value',
    higherIsBetter: true,
    graded: true,
    item: {
      multiple_choice: ({ gold }, scores) =>
        scores[gold ?? 0].logprob - Math.max(...scores.filter((_, k) => k !== gold).map((s) => s.logprob)),
    },
    aggregate: mean,
  },
  perplexity: {
    kind: 'value',
    higherIsBetter: false,
    item: { loglikelihood: (_, [score]) => score.logprob },
    aggregate: (values) => expOfMinus(mean(values)),
    bootstrap: 'exp_of_minus',
  },
  word_perplexity: {
    kind: 'ratio',
    higherIsBetter: false,
    item: { loglikelihood_rolling: ({ counts }, scores) => [total(scores), counts?.words ?? 0] },
    aggregate: (logprob, words) => expOfMinus(logprob / words),
  },
  byte_perplexity: {
    kind: 'ratio',
    higherIsBetter: false,
    item: { loglikelihood_rolling: ({ counts }, scores) => [total(scores), counts?.bytes ?? 0] },
    aggregate: (logprob, bytes) => expOfMinus(logprob / bytes),
  },
  bits_per_byte: {
    kind: 'ratio',
    higherIsBetter: false,
    item: { loglikelihood_rolling: ({ counts }, scores) => [total(scores), counts?.bytes ?? 0] },
    aggregate: (logprob, bytes) => -(logprob / bytes) / Math.LN2,
  },
} satisfies Record<string, ValueMetric | RatioMetric>

export type MetricName = keyof typeof METRICS

function total(scores: readonly Judged[]): number {
  return sum(scores.map((score) => score.logprob))
}

function definition(name: MetricName): ValueMetric | RatioMetric {
  if (Object.hasOwn(METRICS, name)) return METRICS[name]
  // It can be a record's, which may be of another version or damaged.
  throw new Failure(`metric '${name}': is not one of ${Object.keys(METRICS).join(', ')}`, {
    hint: 'the record was changed after it was written, or another version of asp wrote it',
  })
}

/** A plain mean over documents. */
export function isMean(name: MetricName): boolean {
  const metric = definition(name)
  return metric.kind === 'value' && metric.aggregate === mean
}

/** Such a mean of verdicts, so that each document has a 0 or 1 of its own. */
export function isVerdict(name: MetricName): boolean {
  const metric = definition(name)
  return isMean(name) && metric.kind === 'value' && metric.graded === undefined
}

/** Values of one document; `scores` are those of its requests, in order. */
export function documentMetrics(suite: Measured, answer: Answer, scores: readonly Judged[]): DocumentMetrics {
  return Object.fromEntries(
    suite.metrics.map((name) => [name, definition(name).item[suite.output]?.(answer, scores)]),
  )
}

/** lm-eval's keys: `acc,none`, `acc_stderr,none`; a standard error that is not defined is the string "N/A". */
export type Aggregated = Record<string, number | 'N/A'>

/** Standard errors by metric. */
export type Bootstrapped = Partial<Record<MetricName, number>>

export interface AggregateOptions {
  /** 0 leaves out every standard error. */
  bootstrapIterations?: number
  /** Standard errors that were bootstrapped elsewhere. */
  bootstrapped?: Bootstrapped
}

/** Aggregates over the documents given, in dataset order; empty for none. */
export function aggregate(
  suite: Measured,
  documents: readonly DocumentMetrics[],
  { bootstrapIterations = BOOTSTRAP_ITERATIONS, bootstrapped = {} }: AggregateOptions = {},
): Aggregated {
  if (documents.length === 0) return {}
  const result: Aggregated = {}
  for (const name of suite.metrics) {
    const metric = definition(name)
    const items = documents.map((document) => document[name])
    if (metric.kind === 'ratio') {
      const pairs = items as [number, number][]
      result[`${name},none`] = metric.aggregate(
        sum(pairs.map(([l]) => l)),
        sum(pairs.map(([, units]) => units)),
      )
      result[`${name}_stderr,none`] = 'N/A'
    } else {
      const values = items as number[]
      const defined = values.length > 1 && bootstrapIterations > 0
      result[`${name},none`] = metric.aggregate(values)
      result[`${name}_stderr,none`] = defined
        ? (bootstrapped[name] ?? standardError(metric, values, bootstrapIterations))
        : 'N/A'
    }
  }
  return result
}

/** A metric over documents that come one by one, for progress: aggregating all of them anew each time would be quadratic. */
export function runningFigure(name: MetricName): { add(item: MetricItem): void; value(): number | null } {
  const metric = definition(name)
  let [total, units] = [0, 0]
  return {
    add(item) {
      const [value, weight] = typeof item === 'number' ? [item, 1] : item
      total += value
      units += weight
    },
    value() {
      if (units === 0) return null
      // Every value metric is a function of the mean.
      return metric.kind === 'ratio' ? metric.aggregate(total, units) : metric.aggregate([total / units])
    },
  }
}

function standardError({ bootstrap }: ValueMetric, values: readonly number[], iterations: number): number {
  return bootstrap ? bootstrapStandardError(values, bootstrap, iterations) : meanStandardError(values)
}

/** Metrics of the suite whose standard error is bootstrapped, and the values it is over. */
export function bootstrappedMetrics(
  suite: Measured,
  documents: readonly DocumentMetrics[],
): { name: MetricName; statistic: StatisticName; values: number[] }[] {
  return suite.metrics.flatMap((name) => {
    const metric = definition(name)
    if (metric.kind !== 'value' || metric.bootstrap === undefined) return []
    return [
      { name, statistic: metric.bootstrap, values: documents.map((document) => document[name] as number) },
    ]
  })
}

export function higherIsBetter(suite: Measured): Record<string, boolean> {
  return Object.fromEntries(suite.metrics.map((name) => [name, METRICS[name].higherIsBetter]))
}
