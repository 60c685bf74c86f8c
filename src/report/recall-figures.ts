/** Documents of a recall task -> how many are right and by what margin, over any part of the grid, beside the dense model's. Pure. */
import type { EvalRecord, PerDocumentRecord } from '../record/eval/schema.js'
import type { SweepCell, SweepRecord } from '../record/sweep/schema.js'
import { type Interval, mean, meanStandardError, wilsonInterval } from '../stats/basics.js'
import { clusteredStandardError, sharedClusters } from '../stats/clusters.js'
import { tInterval } from '../stats/paired.js'
import { grouped } from './figures/grouped.js'

/** One task in one cell of the sweep: the rows that tables are made of. */
export interface RecallRun {
  task: string
  cell: SweepCell
  documents: PerDocumentRecord
  recall: Recall
  /** Of the same documents; null where the dense model was not run, or is not done. */
  dense: { documents: PerDocumentRecord; recall: Recall } | null
}

type Recall = NonNullable<PerDocumentRecord['recall']>

export interface Estimate extends Interval {
  value: number
}

export interface RecallFigures {
  items: number
  /** Share of documents right by chance. */
  chance: number
  acc: Estimate
  exact: Estimate
  margin: Estimate
  /** Of the margin from the dense model's, by document. */
  change: Estimate | null
  /** Share of pairs removed, each item counting the same. */
  removed: number
  /** KV footprint and peak, each item counting the same; null where a record does not tell. */
  footprint: number | null
  peak: number | null
}

/** Task by task, the dense model first. What is scored at one length each is put together. */
export function recallRuns({ cells }: SweepRecord): RecallRun[] {
  const suites = cells.flatMap(({ eval: own }) => Object.keys(own?.tasks ?? {}))
  return [...new Set(suites.map(taskOf))].flatMap((task) => {
    const runs = cells.flatMap((cell) => {
      const scored = cell.eval && scoredOf(cell.eval, task)
      return scored === null ? [] : [{ task, cell, ...scored }]
    })
    const dense = runs.find(({ cell }) => cell.policy === 'dense') ?? null
    // What was interrupted has not all of the documents.
    return runs.map((run) => ({
      ...run,
      dense: dense?.documents.hash.join() === run.documents.hash.join() ? dense : null,
    }))
  })
}

/** Documents of a task at all lengths; null where none are of a grid. */
export function scoredOf({ tasks }: Pick<EvalRecord, 'tasks'>, task: string): Documents | null {
  const scored = Object.entries(tasks).flatMap(([suite, { per_document: documents }]) => {
    const { recall } = documents
    return taskOf(suite) === task && recall !== undefined ? [{ documents, recall }] : []
  })
  return scored.length === 0 ? null : scored.reduce(together)
}

/** `recall_passkey` of `recall_passkey.512`. */
export const taskOf = (suite: string): string => suite.replace(/\.\d+$/, '')

function together(a: Documents, b: Documents): Documents {
  const [one, two] = [a.documents, b.documents]
  return {
    documents: {
      ...one,
      ...(one.cluster && two.cluster ? { cluster: [...one.cluster, ...two.cluster] } : {}),
      hash: [...one.hash, ...two.hash],
      doc_id: [...one.doc_id, ...two.doc_id],
      logprob: [...one.logprob, ...two.logprob],
      metrics: joined(one.metrics, two.metrics),
    },
    recall: {
      cells: joined(a.recall.cells, b.recall.cells),
      choices: [...a.recall.choices, ...b.recall.choices],
      margin: [...a.recall.margin, ...b.recall.margin],
      sparsity: [...a.recall.sparsity, ...b.recall.sparsity],
      kv_footprint: bothOf(a.recall.kv_footprint, b.recall.kv_footprint),
      kv_peak: bothOf(a.recall.kv_peak, b.recall.kv_peak),
    },
  }
}

const joined = (a: Columns, b: Columns): Columns =>
  Object.fromEntries(Object.entries(a).map(([name, column]) => [name, [...column, ...b[name]]]))

const bothOf = (a: number[] | undefined, b: number[] | undefined): number[] | undefined =>
  a && b && [...a, ...b]

type Columns = Record<string, number[]>
type Documents = Pick<RecallRun, 'documents' | 'recall'>
export type Scored = Pick<RecallRun, 'documents' | 'recall' | 'dense'>

/** Over the documents at these places; null for none. */
export function figuresOf(
  { documents, recall, dense }: Scored,
  places: readonly number[],
): RecallFigures | null {
  if (places.length === 0) return null
  const at = (column: readonly number[]): number[] => places.map((i) => column[i])
  const { acc, exact_match } = documents.metrics
  const margins = at(recall.margin)
  const clusters = sharedClusters(places.map((i) => documents.cluster?.[i]))
  return {
    items: places.length,
    chance: mean(at(recall.choices).map((count) => 1 / count)),
    acc: shareOf(at(acc), clusters),
    exact: shareOf(at(exact_match), clusters),
    margin: meanOf(margins, clusters),
    removed: mean(at(recall.sparsity)),
    footprint: recall.kv_footprint === undefined ? null : mean(at(recall.kv_footprint)),
    peak: recall.kv_peak === undefined ? null : mean(at(recall.kv_peak)),
    change:
      dense &&
      meanOf(
        margins.map((margin, k) => margin - dense.recall.margin[places[k]]),
        clusters,
      ),
  }
}

export const allPlaces = ({ documents }: Scored): number[] => [...documents.hash.keys()]

/** Places of the documents by a coordinate, in ascending order of it. */
export function placesBy(run: Scored, axis: string, places = allPlaces(run)): Map<number, number[]> {
  const column = run.recall.cells[axis] ?? []
  const groups = grouped(places, (place) => String(column[place]))
  return new Map(groups.map((same) => [column[same[0]], same] as const).sort(([a], [b]) => a - b))
}

/** Upper ends of classes of distances. */
export const DISTANCES: readonly number[] = [32, 64, 128, 256, 512, 1024, 2048, Number.POSITIVE_INFINITY]

/** Places of the documents in each class of distances. */
export function placesByDistance(run: Scored): number[][] {
  const byDistance = [...placesBy(run, 'distance')]
  return DISTANCES.map((end, i) =>
    byDistance.flatMap(([distance, places]) =>
      distance <= end && distance > (DISTANCES[i - 1] ?? -1) ? places : [],
    ),
  )
}

/** The dense model's figures of the same documents are no better than chance: the interval of its share right holds it. */
export const failsByChance = ({ acc, chance }: RecallFigures): boolean => acc.low <= chance

/**
 * Where documents come in clusters, Wilson's interval is that of as many independent ones as would have the clustered error; of as many
 * as there are clusters where all verdicts are equal, which tell nothing of how clusters differ.
 */
function shareOf(verdicts: readonly number[], clusters?: readonly string[]): Estimate {
  const value = mean(verdicts)
  return { value, ...wilsonInterval(value, clusters ? independent(verdicts, clusters) : verdicts.length) }
}

function independent(verdicts: readonly number[], clusters: readonly string[]): number {
  const share = mean(verdicts)
  const error = clusteredStandardError(verdicts, clusters)
  if (error === null || share === 0 || share === 1) return new Set(clusters).size
  return Math.min(verdicts.length, (share * (1 - share)) / error ** 2)
}

function meanOf(values: readonly number[], clusters?: readonly string[]): Estimate {
  const value = mean(values)
  const error = clusters
    ? (clusteredStandardError(values, clusters) ?? Number.NaN)
    : meanStandardError(values)
  return { value, ...tInterval(value, error, (clusters ? new Set(clusters).size : values.length) - 1) }
}
