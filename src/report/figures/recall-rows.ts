/** Recall tasks of a record of `asp eval` -> rows: how much is right, and by what margin, by length and depth, and by distance. Pure. */
import type { EvalRecord, TaskRecord } from '../../record/eval/schema.js'
import { mean } from '../../stats/basics.js'
import {
  allPlaces,
  DISTANCES,
  figuresOf,
  placesBy,
  placesByDistance,
  type Scored,
  scoredOf,
  taskOf,
} from '../recall-figures.js'
import { subjectOf } from './eval-rows.js'
import { origin, type Place } from './place.js'
import type { RecallDistanceRow, RecallRow } from './rows.js'

export function recallRows(record: EvalRecord, place: Place): RecallRow[] {
  return Object.entries(record.tasks).flatMap(([suite, task]) => {
    const { per_document: documents } = task
    const { recall } = documents
    if (recall === undefined) return []
    const run = { documents, recall, dense: null }
    const cells = [...placesBy(run, 'length', allPlaces(run))].flatMap(([length, same]) =>
      [...placesBy(run, 'depth', same)].map(([depth, places]) => ({ length, depth, places })),
    )
    const common = {
      ...origin(place, `tasks.${suite}.per_document.recall`),
      ...subjectOf(record, place, suite),
      ...asked([task]),
      task: taskOf(suite),
    }
    return cells.flatMap(({ length, depth, places }): RecallRow[] => {
      const figures = shown(run, places)
      return figures === null ? [] : [{ ...common, length, depth, ...figures }]
    })
  })
}

/** A row for each class of distances, over all lengths. */
export function recallDistanceRows(record: EvalRecord, place: Place): RecallDistanceRow[] {
  const suites = Object.keys(record.tasks)
  return [...new Set(suites.map(taskOf))].flatMap((task) => {
    const scored = scoredOf(record, task)
    if (scored === null) return []
    const own = suites.filter((suite) => taskOf(suite) === task)
    const run = { ...scored, dense: null }
    const common = {
      ...origin(place, `tasks.${own[0]}.per_document.recall`),
      // Each length has a shift or size of its own.
      ...{ ...subjectOf(record, place, own[0]), ...(own.length > 1 ? { by: null } : {}) },
      ...asked(own.map((suite) => record.tasks[suite])),
      task,
    }
    return placesByDistance(run).flatMap((places, i): RecallDistanceRow[] => {
      const figures = shown(run, places)
      if (figures === null) return []
      const distances = places.map((at) => run.recall.cells.distance[at])
      const [from, to] = [Math.min(...distances), Math.min(Math.max(...distances), DISTANCES[i])]
      return [{ ...common, distance: mean(distances), from, to, ...figures }]
    })
  })
}

/** Which items, and what the policy knew of their questions: the last words of the note on how they were made. */
function asked(tasks: readonly TaskRecord[]): Pick<RecallRow, 'set' | 'question'> {
  const hashes = tasks.flatMap(({ identity_parts: { requests, data } }) => [requests, data])
  return {
    set: hashes.map((hash) => hash.slice(0, 12)).join(' '),
    question: tasks[0].data.note?.split(', ').at(-1) ?? '',
  }
}

function shown(run: Scored, places: readonly number[]) {
  const figures = figuresOf(run, places)
  if (figures === null) return null
  const { acc, chance, exact, margin, items } = figures
  const isBounded = Number.isFinite(margin.low)
  return {
    items,
    right: acc.value,
    chance,
    exact: exact.value,
    margin: margin.value,
    low: isBounded ? margin.low : null,
    high: isBounded ? margin.high : null,
  }
}
