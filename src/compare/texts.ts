/** Puts the text of documents beside their flips: records hold no text, so it is asked for where the items are at hand. */
import type { CompareRecord, Flip } from '../record/compare/schema.js'
import type { EvalRecord, TaskRecord } from '../record/eval/schema.js'
import { EVAL_SCHEMA, SWEEP_SCHEMA } from '../record/kinds.js'
import type { Comparable } from './pair-records.js'

/** What is known of the items a task was scored on. */
export interface TextSource {
  task: string
  data: TaskRecord['data']
  /** Few-shot examples, which are part of a document's hash. */
  shots: number
}

/** A document by its place in the full split and its hash; null where it is not to be had. */
export type TextOf = (docId: number, hash: string) => string | null

export async function withTexts(
  record: CompareRecord,
  bases: readonly Comparable[],
  find: (source: TextSource) => Promise<TextOf>,
): Promise<CompareRecord> {
  const sources = new Map(bases.flatMap((base) => [...sourcesOf(base)]))
  const texts = new Map<string, TextOf>()
  for (const { task } of record.comparisons.flatMap(({ flips }) => flips)) {
    const source = sources.get(task)
    if (source !== undefined && !texts.has(task)) texts.set(task, await find(source))
  }
  const told = (flip: Flip): Flip => ({
    ...flip,
    text: texts.get(flip.task)?.(flip.doc_id, flip.hash) ?? null,
  })
  return {
    ...record,
    comparisons: record.comparisons.map((one) => ({ ...one, flips: one.flips.map(told) })),
  }
}

/** Every point of a sweep is of the same tasks. */
function sourcesOf(base: Comparable): Map<string, TextSource> {
  const records: EvalRecord[] =
    base.schema === EVAL_SCHEMA
      ? [base]
      : base.schema === SWEEP_SCHEMA
        ? base.cells.flatMap((cell) => cell.eval ?? [])
        : []
  return new Map(
    records.flatMap((record) =>
      Object.entries(record.tasks).map(([task, { data }]) => [
        task,
        { task, data, shots: record['n-shot'][task] },
      ]),
    ),
  )
}
