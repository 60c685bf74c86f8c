/** Two records of one kind -> their pairs: a row for each kind of record. Pure. */

import type { From, RecordOf } from '../record/io/records.js'
import { BENCH_SCHEMA, EVAL_SCHEMA, PPL_SCHEMA, SWEEP_SCHEMA } from '../record/kinds.js'
import { notComparable } from './comparable.js'
import { pairBench } from './pair-bench.js'
import { pairEval } from './pair-eval.js'
import { pairPpl } from './pair-ppl.js'
import { pairSweep } from './pair-sweep.js'
import type { Paired } from './pairs.js'

/** Kinds of records that can be compared. */
export const COMPARABLE = [EVAL_SCHEMA, PPL_SCHEMA, BENCH_SCHEMA, SWEEP_SCHEMA] as const
export type Comparable = RecordOf<(typeof COMPARABLE)[number]>

export function pairRecords(base: From<Comparable>, other: From<Comparable>): Paired {
  if (base.record.schema !== other.record.schema) {
    throw notComparable(
      `${other.file}: kind of record differs from ${base.file}, ${other.record.schema} against ${base.record.schema}`,
      'compare two records of asp eval, of asp ppl, of asp bench or of asp sweep',
    )
  }
  const pair = PAIRING[base.record.schema] as (base: From<Comparable>, other: From<Comparable>) => Paired
  return pair(base, other)
}

type Pairing = { [R in Comparable as R['schema']]: (base: From<R>, other: From<R>) => Paired }

const PAIRING: Pairing = {
  [EVAL_SCHEMA]: (base, other) => pairEval(base, other),
  [PPL_SCHEMA]: pairPpl,
  [BENCH_SCHEMA]: pairBench,
  [SWEEP_SCHEMA]: pairSweep,
}
