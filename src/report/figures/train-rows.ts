/** Records and logs of trainings -> rows: loss, pair mean and alpha by step, and what held-out text said. Pure. */
import type { TrainLogRecord } from '../../record/io/records.js'
import type { EvalFigures, StepLine, TrainRecord } from '../../record/train/schema.js'
import { mean } from '../../stats/basics.js'
import { bounds, origin, type Place } from './place.js'
import type { EvaluationRow, StepRow } from './rows.js'

/** A log has a line a step, and the loss of a single step is mostly noise. */
const STEP_POINTS = 50

/** Means over stretches of steps, each at its last one. */
export function stepRows({ steps }: TrainLogRecord, place: Place, run: string): StepRow[] {
  const count = Math.min(STEP_POINTS, steps.length)
  const cut = (i: number): number => Math.round((i * steps.length) / count)
  return Array.from({ length: count }, (_, i) => {
    const some = steps.slice(cut(i), cut(i + 1))
    const last = some[some.length - 1]
    return {
      ...origin(place, some.length === 1 ? `step ${last.step}` : `steps ${some[0].step} to ${last.step}`),
      run,
      step: last.step,
      crossEntropy: mean(some.map((line) => line.cross_entropy)),
      pairMean: meanOf(some, ({ pair_mean }) => pair_mean),
      alpha: last.alpha,
      rate: last.rate,
    }
  })
}

function meanOf(lines: readonly StepLine[], of: (line: StepLine) => number | null): number | null {
  const values = lines.flatMap((line) => of(line) ?? [])
  return values.length === 0 ? null : mean(values)
}

/** Evaluations on the way, and of the checkpoint at its end. */
export function trainEvaluationRows(record: TrainRecord, place: Place, run: string): EvaluationRow[] {
  const onTheWay = record.evaluations.flatMap((figures, i) =>
    evaluationRows(figures, place, `evaluations[${i}]`, { run, step: figures.step, final: false }),
  )
  const last = record.final.flatMap((figures, i) =>
    evaluationRows(figures, place, `final[${i}]`, { run, step: record.steps.taken, final: true }),
  )
  return [...onTheWay, ...last]
}

export function logEvaluationRows(
  { evaluations }: TrainLogRecord,
  place: Place,
  run: string,
): EvaluationRow[] {
  return evaluations.flatMap((line) =>
    evaluationRows(line, place, `evaluation at step ${line.step}`, { run, step: line.step, final: false }),
  )
}

function evaluationRows(
  { ctx, rules }: EvalFigures,
  place: Place,
  path: string,
  at: Pick<EvaluationRow, 'run' | 'step' | 'final'>,
): EvaluationRow[] {
  return rules.map(({ rule, nll, nll_stderr, perplexity, sparsity }, r) => ({
    ...origin(place, `${path}.rules[${r}]`),
    ...at,
    ctx,
    rule,
    nll,
    ...bounds(nll, nll_stderr),
    perplexity,
    sparsity: sparsity?.achieved ?? 0,
  }))
}

/** Evaluations under what decoding does: a run's hard rule, or the dense one where it has no other. */
export function asTrained(rows: readonly EvaluationRow[]): EvaluationRow[] {
  const hard = rows.filter(({ rule }) => rule !== 'dense' && rule !== 'soft')
  const pruning = new Set(hard.map(({ run }) => run))
  return [...hard, ...rows.filter(({ rule, run }) => rule === 'dense' && !pruning.has(run))]
}
