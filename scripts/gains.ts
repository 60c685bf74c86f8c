/** Paired gains of one record over another, and how tables of documents show them. */
import { type Measured, measure } from '../src/compare/measure.js'
import type { Pair } from '../src/compare/pairs.js'
import type { EvalRecord } from '../src/record/eval/schema.js'
import type { RuleRecord } from '../src/record/ppl/schema.js'
import { left, renderGrid } from '../src/report/grid.js'

const CONFIDENCE = 0.95

/** The gain of `data` with its interval, positive where the new run is better. */
export function gainOf(data: Pair['data']): Measured {
  const unnamed = { cell: '', task: '', metric: '', base: 0, new: 0 }
  return measure({ ...unnamed, higherIsBetter: true, scale: 'difference', data }, CONFIDENCE)
}

/** Accuracies of the documents of all suites that have verdicts, right or wrong. */
export function accuracyGain(base: EvalRecord, next: EvalRecord): Measured {
  const judged = Object.entries(base.tasks).filter(([, { per_document }]) => 'acc' in per_document.metrics)
  const documents = judged.flatMap(([task, { per_document: a }]) => {
    const b = next.tasks[task].per_document
    return a.hash.map((hash, i) => ({
      hash,
      docId: a.doc_id[i],
      base: a.metrics.acc[i],
      new: b.metrics.acc[i],
    }))
  })
  return gainOf({ kind: 'verdicts', documents })
}

/** Nats a word of the texts of a suite that is scored whole. */
export function wordGain(base: EvalRecord, next: EvalRecord, task: string): Measured {
  const { logprob, units } = base.tasks[task].per_document
  if (units === null) throw new Error(`${task}: its documents are not whole texts`)
  const theirs = next.tasks[task].per_document.logprob
  const values = logprob.map((value, i) => theirs[i] - value)
  return gainOf({ kind: 'gains', values, weights: units.words })
}

/** Nats a token of the same windows, which are the units. */
export function textGain(base: RuleRecord, next: RuleRecord, tokens: readonly number[]): Measured {
  const values = base.samples.nll.map((nll, i) => nll - next.samples.nll[i])
  return gainOf({ kind: 'gains', values, weights: tokens })
}

/** `4.425 (0.90)`: nats a token, and the S_pair that they were reached with where anything may be dropped. */
export const showLoss = ({ nll, sparsity }: { nll: number; sparsity: { achieved: number } | null }): string =>
  `${nll.toFixed(3)}${sparsity === null ? '' : ` (${sparsity.achieved.toFixed(2)})`}`

const signed = (value: number, digits: number): string =>
  `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(digits)}`

/** `**+0.352** (+0.309 to +0.394)`: bold where the interval leaves out 0. */
export function showGain({ gain, interval }: Measured, digits: number, times = 1): string {
  if (interval === null) return signed(times * gain, digits)
  const [low, high] = [interval.low, interval.high].map((end) => signed(times * end, digits))
  const clear = interval.low > 0 || interval.high < 0 ? '**' : ''
  return `${clear}${signed(times * gain, digits)}${clear} (${low} to ${high})`
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((name, i) => left<readonly string[]>(name, (row) => row[i]))
  return renderGrid(columns, rows, { form: 'md', marked: true })
}
