/** Two records of `asp sweep` -> pairs: those of the whole records they hold, point by point. Pure. */
import type { EvalRecord } from '../record/eval/schema.js'
import type { From } from '../record/io/records.js'
import type { Field } from '../record/same-run.js'
import type { SweepRecord } from '../record/sweep/schema.js'
import { checkComparable, notComparable } from './comparable.js'
import { pairBench } from './pair-bench.js'
import { pairEval } from './pair-eval.js'
import { pairPpl } from './pair-ppl.js'
import { joinPaired, type Paired } from './pairs.js'
import { matchPoints, type Point } from './points.js'

const FIELDS: readonly Field<SweepRecord>[] = [
  { name: 'status', of: ({ status }) => status, hint: 'finish the sweep by the same command' },
  { name: 'suites', of: ({ grid }) => grid.suites.toSorted() },
]

export function pairSweep(base: From<SweepRecord>, other: From<SweepRecord>): Paired {
  checkComparable(FIELDS, base, other)
  const cells = matchPoints(pointsOf(base.record), pointsOf(other.record))
  const inside = <R>({ file }: From<unknown>, record: R): From<R> => ({ file, record })
  const [a, b] = [base.record, other.record]
  const paired = joinPaired([
    ...cells.matched.map((cell) => pairEval(inside(base, cell.base), inside(other, cell.other), cell.name)),
    { pairs: [], notes: cells.notes.map((note) => `${other.file}: ${note}`) },
    ...(a.ppl && b.ppl ? [pairPpl(inside(base, a.ppl), inside(other, b.ppl))] : []),
    ...(a.bench && b.bench ? [pairBench(inside(base, a.bench), inside(other, b.bench))] : []),
  ])
  if (paired.pairs.length > 0) return paired
  throw notComparable(
    `${other.file}: has no point in common with ${base.file}`,
    'compare sweeps over the same grid',
  )
}

function pointsOf({ cells }: SweepRecord): Point<EvalRecord>[] {
  return cells.flatMap(({ policy, sparsity, eval: value }) =>
    value === null ? [] : [{ policy, sparsity: policy === 'dense' ? '' : String(sparsity), value }],
  )
}
