/** Recall tasks of a record of `asp eval` -> rows: how much is right, and by what margin, at each length and depth. Pure. */
import type { EvalRecord } from '../../record/eval/schema.js'
import { allPlaces, figuresOf, placesBy, taskOf } from '../recall-figures.js'
import { subjectOf } from './eval-rows.js'
import { origin, type Place } from './place.js'
import type { RecallRow } from './rows.js'

export function recallRows(record: EvalRecord, place: Place): RecallRow[] {
  return Object.entries(record.tasks).flatMap(([task, { per_document: documents, identity_parts }]) => {
    const { recall } = documents
    if (recall === undefined) return []
    const run = { documents, recall, dense: null }
    const cells = [...placesBy(run, 'length', allPlaces(run))].flatMap(([length, same]) =>
      [...placesBy(run, 'depth', same)].map(([depth, places]) => ({ length, depth, places })),
    )
    return cells.flatMap(({ length, depth, places }): RecallRow[] => {
      const figures = figuresOf(run, places)
      if (figures === null) return []
      const { acc, chance, exact, margin, items } = figures
      const isBounded = Number.isFinite(margin.low)
      return [
        {
          ...origin(place, `tasks.${task}.per_document.recall`),
          ...subjectOf(record, place, task),
          task: taskOf(task),
          set: identity_parts.requests.slice(0, 12),
          length,
          depth,
          items,
          right: acc.value,
          chance,
          exact: exact.value,
          margin: margin.value,
          low: isBounded ? margin.low : null,
          high: isBounded ? margin.high : null,
        },
      ]
    })
  })
}
