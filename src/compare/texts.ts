/** Puts the text of documents beside their flips: records hold no text, so it is asked for where the items are at hand. */
import type { CompareRecord, Flip } from '../record/compare-schema.js'
import type { AnyRecord } from '../record/read-any.js'
import { type EvalRecord, SCHEMA, type TaskRecord } from '../record/schema.js'
import { SWEEP_SCHEMA } from '../record/sweep-schema.js'

/** What is known of the items a task was scored on. */
export interface TextSource {
  task: string
  data: TaskRecord['data']
}

/** A document by its place in the full split; null where it is not to be had. */
export type TextOf = (docId: number, hash: string) => string | null

export async function withTexts(
  record: CompareRecord,
  base: AnyRecord,
  find: (source: TextSource) => Promise<TextOf>,
): Promise<CompareRecord> {
  const tasks = tasksOf(base)
  const texts = new Map<string, TextOf>()
  for (const { task } of record.comparisons.flatMap(({ flips }) => flips)) {
    const data = tasks[task]?.data
    if (data !== undefined && !texts.has(task)) texts.set(task, await find({ task, data }))
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
function tasksOf(record: AnyRecord): EvalRecord['tasks'] {
  if (record.schema === SCHEMA) return record.tasks
  if (record.schema !== SWEEP_SCHEMA) return {}
  return Object.assign({}, ...record.cells.map((cell) => cell.eval?.tasks ?? {}))
}
