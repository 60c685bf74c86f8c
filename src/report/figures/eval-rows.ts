/** A record of `asp eval` -> rows: its metrics, and what each layer dropped. Pure. */
import type { EvalRecord, GroupResult, TaskResult } from '../../record/eval/schema.js'
import { suiteFootprint } from '../../record/footprint.js'
import { type Interval, logInterval, normalInterval, wilsonInterval } from '../../stats/basics.js'
import { decidedByPolicy } from './level.js'
import { DENSE } from './names.js'
import { origin, type Place, subject } from './place.js'
import type { LayerRow, QualityRow, Subject } from './rows.js'

export function qualityRows(record: EvalRecord, place: Place): QualityRow[] {
  const tasks = Object.entries(record.results).flatMap(([task, result]) =>
    Object.entries(record.higher_is_better[task] ?? {}).map(([metric, higherIsBetter]) =>
      qualityRow(record, place, { task, metric, higherIsBetter, result, group: false }),
    ),
  )
  const groups = Object.entries(record.groups).map(([task, result]) => {
    const higherIsBetter = record.higher_is_better[record.group_subtasks[task][0]][result.metric]
    return qualityRow(record, place, { task, metric: result.metric, higherIsBetter, result, group: true })
  })
  return [...tasks, ...groups].flatMap((row) => row ?? [])
}

interface Metric {
  task: string
  metric: string
  higherIsBetter: boolean
  result: TaskResult | GroupResult
  group: boolean
}

/** Null for a metric that has no figure: nothing scored, or not finite. */
function qualityRow(
  record: EvalRecord,
  place: Place,
  { task, metric, higherIsBetter, result, group }: Metric,
): QualityRow | null {
  const value = result[`${metric},none`]
  const stderr = result[`${metric}_stderr,none`]
  if (typeof value !== 'number') return null
  const documents = result.sample_len
  // A group's name may be that of anything else.
  const own = group ? undefined : record.tasks[task]
  return {
    ...origin(place, `${group ? 'groups' : 'results'}.${task}["${metric},none"]`),
    ...subjectOf(record, place, task),
    task,
    metric,
    higherIsBetter,
    value,
    ...(typeof stderr === 'number'
      ? metricInterval({ metric, value, stderr, documents, group })
      : { low: null, high: null }),
    documents,
    set: own?.identity_parts.requests.slice(0, 12) ?? `${documents}`,
    shots: own === undefined ? null : record['n-shot'][task],
    sparsity: (own ?? record).sparsity.achieved,
    footprint: suiteFootprint((own ?? record).sparsity),
    complete: record.status === 'complete',
  }
}

export function evalLayerRows(record: EvalRecord, place: Place): LayerRow[] {
  if (record.policy.name === 'dense') return []
  return Object.entries(record.tasks).map(([task, { sparsity }]) => ({
    ...origin(place, `tasks.${task}.sparsity.per_layer`),
    ...subjectOf(record, place, task),
    on: task,
    perLayer: sparsity.per_layer,
  }))
}

/** `task`: each may have a shift or size of its own. */
export function subjectOf(
  { model, policy, sparsity, tasks }: EvalRecord,
  place: Place,
  task: string,
): Subject {
  const drops = policy.name !== DENSE
  return subject(place, model, {
    policy: policy.name,
    requested: drops ? sparsity.requested : null,
    by: drops ? decidedByPolicy({ ...policy, ...tasks[task]?.policy }) : null,
  })
}

interface MetricFigure {
  metric: string
  value: number
  stderr: number
  documents: number
  /** A mean over tasks. */
  group: boolean
}

/**
 * Wilson's score interval for the share of documents that are right, 1.96 standard errors to either side for a mean of
 * shares or of margins, the same on the logarithm for a perplexity. Over the documents scored, as if they were drawn at random.
 */
export function metricInterval({ metric, value, stderr, documents, group }: MetricFigure): Interval {
  if (metric.endsWith('perplexity')) return logInterval(value, stderr)
  return group || metric === 'margin' ? normalInterval(value, stderr) : wilsonInterval(value, documents)
}
