/** The qualities of a sweep of which a share can be kept, with what critical footprints are read off: points, and resamples of them. Pure. */
import { normalInterval, sum, wilsonInterval } from '../../stats/basics.js'
import { clusterSums, sharedClusters } from '../../stats/clusters.js'
import { pairedReplicates, type UnitColumns } from '../../stats/resamples.js'
import type { EvalRecord, PerDocumentRecord, TaskRecord } from '../eval/schema.js'
import { pooledFootprint, textFootprint } from '../footprint.js'
import type { PplRecord } from '../ppl/schema.js'
import { ruleOf } from './costs.js'
import {
  meanHead,
  meansOf,
  metricsOf,
  perplexityHead,
  type SuiteMean,
  statistic,
  taskHead,
} from './qualities.js'
import type { SweepCell, SweepQuality } from './schema.js'

/** One quality, of the dense cell (first) and others that have it. */
export interface Rated {
  quality: SweepQuality
  cells: SweepCell[]
  /** By cell. */
  footprints: number[]
  /** Score of guessing; null: the values are mean log-probabilities. */
  chance: number | null
  /** By cell: the share of right documents, or a mean log-probability. */
  values: number[]
  /** By cell, of every resample; null with fewer than two units. */
  replicates: Float64Array[] | null
  /** The dense model's figure as tables have it, and the lower end of its 95 % interval. */
  dense: { value: number; low: number }
}

/** Enough that each end of a 95 % interval is decided by 25 of them. */
export const RESAMPLES = 1000

/** Means, then suites, as frontiers have them; without figures that have no share of themselves, such as margins. */
export function suiteQualities(cells: SweepCell[]): Rated[] {
  const records = cells.map((cell) => cell.eval as EvalRecord)
  const [first] = records
  const tasks = Object.keys(first.tasks)
  const known = new Map<string, Rated | null>()
  const rate = (task: string, metric: string): Rated | null => {
    const key = JSON.stringify([task, metric])
    // One seed a suite: the draws of suites that are averaged are independent.
    if (!known.has(key))
      known.set(key, taskQuality(cells, records, { task, metric, seed: 1 + tasks.indexOf(task) }))
    return known.get(key) ?? null
  }
  const means = meansOf(first).flatMap((mean) => {
    const parts = mean.tasks.map((task) => rate(task, mean.metric))
    const rated = parts.filter((part) => part !== null)
    return rated.length < parts.length ? [] : (meanOf(meanHead(mean, first), mean, rated, records) ?? [])
  })
  return [
    ...means,
    ...tasks.flatMap((task) => metricsOf(first, task).flatMap((metric) => rate(task, metric) ?? [])),
  ]
}

function taskQuality(
  cells: SweepCell[],
  records: readonly EvalRecord[],
  { task, metric, seed }: { task: string; metric: string; seed: number },
): Rated | null {
  const own = records.map(({ tasks }) => tasks[task])
  const documents = own.map(({ per_document }) => per_document)
  const units = unitsOf(documents, metric)
  const [value, n] = [statistic(records[0], task, metric), documents[0].hash.length]
  const chance = isLikelihood(metric) ? null : chanceOf(own[0], metric)
  if (units === null || value === null || n === 0) return null
  return {
    quality: taskHead(task, metric, records[0]),
    cells,
    footprints: own.map(({ sparsity }) => pooledFootprint([sparsity])),
    chance,
    values: valuesOf(units),
    replicates: replicatesOf(units, seed),
    dense: { value, low: chance === null ? value : wilsonInterval(value, n).low },
  }
}

/** Each counts the same, and chance as well; null where one of them is no share of right documents. */
function meanOf(
  quality: SweepQuality,
  { tasks, metric }: SuiteMean,
  parts: readonly Rated[],
  records: readonly EvalRecord[],
): Rated | null {
  const k = parts.length
  if (k === 0 || parts.some(({ chance }) => chance === null)) return null
  const { cells } = parts[0]
  const errors = tasks.map((task) => statistic(records[0], task, `${metric}_stderr`) ?? 0)
  const value = sum(parts.map(({ dense }) => dense.value)) / k
  return {
    quality,
    cells,
    footprints: records.map((record) => pooledFootprint(tasks.map((task) => record.tasks[task].sparsity))),
    chance: sum(parts.map(({ chance }) => chance ?? 0)) / k,
    values: cells.map((_, c) => sum(parts.map(({ values }) => values[c])) / k),
    replicates: parts.some(({ replicates }) => replicates === null)
      ? null
      : cells.map((_, c) =>
          Float64Array.from(
            { length: RESAMPLES },
            (_, r) => sum(parts.map(({ replicates }) => replicates?.[c][r] ?? 0)) / k,
          ),
        ),
    dense: { value, low: normalInterval(value, Math.hypot(...errors) / k).low },
  }
}

export function textQuality(all: readonly SweepCell[], ppl: PplRecord | null, ctx: number): Rated | null {
  const context = ppl?.contexts.find((one) => one.ctx === ctx)
  const found = all.flatMap((cell) => {
    const rule = ruleOf(ppl, cell, ctx)
    const footprint = context && rule && textFootprint(context, rule)
    return rule === undefined || footprint == null ? [] : [{ cell, rule, footprint }]
  })
  const dense = found[0]?.rule.perplexity
  if (context === undefined || found[0]?.cell.policy !== 'dense' || found.length < 2 || dense == null)
    return null
  const units = {
    columns: found.map(({ rule }) => rule.samples.nll.map((loss) => -loss)),
    weights: context.samples.tokens,
  }
  return {
    quality: perplexityHead(ppl, ctx),
    cells: found.map(({ cell }) => cell),
    footprints: found.map(({ footprint }) => footprint),
    chance: null,
    values: valuesOf(units),
    replicates: replicatesOf(units, 1),
    dense: { value: dense, low: dense },
  }
}

/** Documents, or clusters of them; null where records differ in them, or have no such values. */
function unitsOf(documents: readonly PerDocumentRecord[], metric: string): UnitColumns | null {
  const [first] = documents
  if (documents.some(({ hash }) => hash.join() !== first.hash.join())) return null
  const columns = documents.map(
    ({ metrics, logprob }) => metrics[metric] ?? (isLikelihood(metric) ? logprob : null),
  )
  if (columns.some((column) => column === null)) return null
  const weights = isLikelihood(metric) ? likelihoodUnits(first, metric) : first.hash.map(() => 1)
  const clusters = sharedClusters(first.cluster ?? [])
  if (clusters === undefined) return { columns: columns.map((column) => column ?? []), weights }
  const sums = columns.map((column) => clusterSums({ values: column ?? [], weights }, clusters))
  return { columns: sums.map(({ values }) => values), weights: sums[0].weights.slice() }
}

const isLikelihood = (metric: string): boolean => metric.endsWith('perplexity') || metric === 'bits_per_byte'

const likelihoodUnits = ({ units, hash }: PerDocumentRecord, metric: string): number[] =>
  units === null ? hash.map(() => 1) : metric.startsWith('word') ? units.words : units.bytes

const valuesOf = ({ columns, weights }: UnitColumns): number[] =>
  columns.map((column) => sum(column) / sum(weights))

const replicatesOf = (units: UnitColumns, seed: number): Float64Array[] | null =>
  units.weights.length < 2 ? null : pairedReplicates(units, { resamples: RESAMPLES, seed })

/**
 * Nothing is right by chance where the model has to find the words itself. Older records do not tell chance: then it is one over the
 * mean number of choices, which is it exactly where all documents have as many.
 */
function chanceOf({ chance, suite, documents_scored, requests }: TaskRecord, metric: string): number {
  if (suite.output !== 'multiple_choice' || !metric.startsWith('acc')) return 0
  return chance ?? documents_scored / requests
}
