/** The figures of a sweep that are to be good: means of suites, suites, perplexities, and what they are called. Pure. */
import type { EvalRecord } from '../eval/schema.js'
import type { PplRecord } from '../ppl/schema.js'
import type { SweepQuality } from './schema.js'

/** The mean of one metric over several suites, each counting the same. */
export interface SuiteMean {
  name: string
  metric: string
  tasks: readonly string[]
}

export const isWhole = (record: EvalRecord | null): record is EvalRecord => record?.status === 'complete'

/** Over the groups that were named, else over all suites that have an accuracy. */
export function meansOf(record: EvalRecord): SuiteMean[] {
  const groups = Object.values(record.groups).map(({ name, metric }) => ({
    name,
    metric,
    tasks: record.group_subtasks[name],
  }))
  if (groups.length > 0) return groups
  const tasks = Object.keys(record.tasks).filter((task) => 'acc' in record.higher_is_better[task])
  return tasks.length > 1 ? [{ name: `${tasks.length} suites`, metric: 'acc', tasks }] : []
}

/** The accuracy where there is one, as it is what means are over; else the suite's first metric. */
export function mainMetric({ higher_is_better }: EvalRecord, task: string): string {
  const metrics = Object.keys(higher_is_better[task] ?? {})
  return metrics.includes('acc') ? 'acc' : metrics[0]
}

/** That, and the suite's first where it is another: a perplexity tells more than how often it was right. */
export const metricsOf = (record: EvalRecord, task: string): string[] => [
  ...new Set([mainMetric(record, task), ...Object.keys(record.higher_is_better[task]).slice(0, 1)]),
]

export function statistic(record: EvalRecord, task: string, metric: string): number | null {
  const value = record.results[task]?.[`${metric},none`]
  return typeof value === 'number' ? value : null
}

export const meanHead = ({ name, metric, tasks }: SuiteMean, record: EvalRecord): SweepQuality => ({
  kind: 'mean',
  name,
  metric,
  higher_is_better: record.higher_is_better[tasks[0]]?.[metric] ?? true,
})

export const taskHead = (task: string, metric: string, record: EvalRecord): SweepQuality => ({
  kind: 'task',
  name: task,
  metric,
  higher_is_better: record.higher_is_better[task][metric],
})

export function perplexityHead(ppl: PplRecord | null, ctx: number): SweepQuality {
  const source = ppl?.text.sources.map(({ kind, source }) => (kind === 'sample' ? 'bundled sample' : source))
  const name = `${source?.join(' + ') ?? 'text'}, ctx ${ctx}`
  return { kind: 'perplexity', name, metric: 'perplexity', higher_is_better: false }
}
