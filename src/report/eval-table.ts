/** A record -> what a person reads after a run: lm-eval's table with the sparsity beside it, then a few plain lines. */

import { missedTasks, missesLevel, REACH } from '../record/eval/reach.js'
import type {
  EvalRecord,
  GroupResult,
  ReferenceScore,
  Statistic,
  TaskRecord,
  TaskResult,
} from '../record/eval/schema.js'
import { suiteFootprint } from '../record/footprint.js'
import { metricInterval } from './figures/eval-rows.js'
import { grouped } from './figures/grouped.js'
import { decidedByPolicy, levelName } from './figures/level.js'
import {
  fixed,
  formatCount,
  formatPercent,
  formatRate,
  formatShare,
  formatStatistic,
  plural,
  signed,
} from './format.js'
import { type Column, key, left, right } from './grid.js'
import {
  atRevision,
  describeAdapter,
  describeBytes,
  describeKv,
  describeModel,
  describePeak,
  describeTime,
  nothingDropped,
} from './notes.js'
import { grid, type Note, renderSheet, type SheetOptions } from './sheet.js'

export function renderEval(record: EvalRecord, options?: SheetOptions): string {
  // A program reads each row for itself.
  const isRead = options?.form === 'csv' || options?.form === 'tsv'
  return renderSheet({ grids: [grid(COLUMNS, rowsOf(record, isRead))], notes: notesOf(record) }, options)
}

/** One metric of one task or group; `first` rows carry what belongs to the task as a whole. */
interface Row {
  record: EvalRecord
  task: string
  metric: string
  first: boolean
  /** Its figures; those of a group have no version, shots or sparsity of their own. */
  result: TaskResult | GroupResult
  group: boolean
}

const once =
  (text: (row: Row) => string) =>
  (row: Row): string =>
    row.first && !row.group ? text(row) : ''

/** lm-eval's, then ours. */
const COLUMNS: readonly Column<Row>[] = [
  key(
    left('Tasks', ({ result, first, group }) =>
      group ? `${result.alias} (mean)` : first ? result.alias : '',
    ),
  ),
  right(
    'Version',
    once(({ record, task }) => String(record.versions[task])),
  ),
  right(
    'n-shot',
    once(({ record, task }) => String(record['n-shot'][task])),
  ),
  key(left('Metric', ({ metric }) => metric)),
  left('', ({ record, task, metric }) => (betterOf(record, task)[metric] ? '↑' : '↓')),
  right('Value', ({ result, metric }) => formatStatistic(result[`${metric},none`] ?? 'N/A')),
  left('', () => '±'),
  right('Stderr', ({ result, metric }) => formatStatistic(result[`${metric}_stderr,none`] ?? 'N/A')),
  right(
    'Stderr\nclustered',
    (row) => {
      const stderr = clustered(row)
      return stderr === undefined ? '' : formatStatistic(stderr)
    },
    (rows) => rows.some((row) => clustered(row) !== undefined),
  ),
  left('95 %\ninterval', interval),
  right(
    'Sparsity\nrequested',
    once(({ record }) => record.sparsity.requested?.toString() ?? '-'),
  ),
  right(
    'Sparsity\nachieved',
    once(
      ({ record, task }) =>
        `${fixed(record.tasks[task].sparsity.achieved)}${missesLevel(record, task) ? ' *' : ''}`,
    ),
  ),
  right(
    'KV',
    once(({ record, task }) => fixed(suiteFootprint(record.tasks[task].sparsity))),
  ),
  right(
    'KV\npeak',
    once(({ record, task }) => fixed(record.tasks[task].sparsity.kv_peak)),
    (rows) => rows.some(({ record, task }) => record.tasks[task]?.sparsity.kv_peak != null),
  ),
  right(
    'Shift or\nsize',
    once(({ record, task }) => describeFound(record.tasks[task].policy)),
    (rows) => rows.some(({ record }) => isBySuite(record)),
  ),
  right(
    'Tokens\nkept',
    once(({ record, task }) => keptShare(record.tasks[task])),
  ),
  right(
    'Published',
    (row) => fixed(referenceOf(row)?.value),
    (rows) => rows.some((row) => referenceOf(row) !== undefined),
  ),
]

/**
 * Metrics in the order the suite lists them, then the groups' means.
 * @param isRead every row carries what belongs to its task
 */
function rowsOf(record: EvalRecord, isRead = false): Row[] {
  const tasks = Object.entries(record.results).flatMap(([task, result]) =>
    Object.keys(record.higher_is_better[task] ?? {}).map((metric, index) => ({
      record,
      task,
      metric,
      first: isRead || index === 0,
      result,
      group: false,
    })),
  )
  const groups = Object.entries(record.groups).map(([task, result]) => {
    return { record, task, metric: result.metric, first: true, result, group: true }
  })
  return [...tasks, ...groups]
}

/** Of a task, or of the tasks a group is over. */
function betterOf(record: EvalRecord, task: string): Record<string, boolean> {
  return record.higher_is_better[record.group_subtasks[task]?.[0] ?? task] ?? {}
}

/** Only where documents come in clusters. */
const clustered = ({ result, metric }: Row): Statistic | undefined =>
  (result as Record<string, Statistic | undefined>)[`${metric}_clustered_stderr,none`]

function interval({ result, metric, group }: Row): string {
  const value = result[`${metric},none`]
  const stderr = result[`${metric}_stderr,none`]
  if (typeof value !== 'number' || typeof stderr !== 'number') return ''
  const { low, high } = metricInterval({ metric, value, stderr, documents: result.sample_len, group })
  return `${formatStatistic(low)} to ${formatStatistic(high)}`
}

function notesOf(record: EvalRecord): Note[] {
  const { environment, timing, memory, sparsity, policy } = record
  const { load_s: load, calibrate_s: calibrate, score_s: score } = timing
  const { weights_bytes: weights, activations_bytes: activations, cache_bytes: cache } = memory
  return [
    ...stopped(record),
    ...together(
      Object.entries(record.tasks).map(([task, own]) => [task, `${origin(own)}${shardShare(record, own)}`]),
    ).map((told): Note => ['Data', told]),
    ['Model', describeModel(record.model)],
    ['Policy', describePolicy(record)],
    ...missed(record),
    ['Sparsity', `${requested(record)}, achieved ${fixed(sparsity.achieved)} of causal pairs`],
    ['KV', describeKv(suiteFootprint(sparsity), sparsity)],
    ...nothingDropped(policy.name, sparsity),
    ['Per layer', sparsity.per_layer.map((share) => formatShare(share)).join(' ')],
    ['Kept', describeKept(record)],
    ['Adapter', describeAdapter(environment)],
    [
      'Time',
      `${describeTime(timing.total_s, { load, calibrate, score })}; ` +
        `${formatRate(timing.tokens_per_s)} tokens/s, ${formatRate(timing.requests_per_s)} requests/s`,
    ],
    [
      'Memory',
      `${describePeak(environment, memory.peak_bytes)}: ${describeBytes({ weights, activations, cache })}`,
    ],
    ...together(Object.values(record.groups).map(({ name, note }) => [name, note])).map(
      (told): Note => ['Mean', told],
    ),
    ...published(record),
  ]
}

/** `piqa: ...`, each once: those of which the same is told are named together, the members of a family in short. */
function together(told: readonly (readonly [name: string, text: string])[]): string[] {
  return grouped(told, ([, text]) => text).map((same) => {
    const [[first, text]] = same
    const some =
      same.length <= 3 ? same.map(([name]) => name).join(', ') : `${first} and ${same.length - 1} more`
    return `${some}: ${text}`
  })
}

function stopped({ status, tasks }: EvalRecord): Note[] {
  if (status === 'complete') return []
  const sum = (key: 'documents' | 'documents_scored'): number =>
    Object.values(tasks).reduce((total, task) => total + task[key], 0)
  const scored = `${formatCount(sum('documents_scored'))} of ${formatCount(sum('documents'))} documents`
  return [['INCOMPLETE', `stopped after ${scored}; figures cover only those`]]
}

/** `bundled sample, 200 of 10042 (Rowan/hellaswag, validation)`; what was left out is always said. */
function origin({ data, documents }: TaskRecord): string {
  const { kind, source, revision, split, rows, total } = data
  const whole = total ?? rows
  const amount =
    documents === total ? `all ${documents}` : `${documents} of ${whole}${total === null ? ' rows' : ''}`
  const from = kind === 'sample' ? source : atRevision(source, revision)
  const name = { sample: 'bundled sample', file: 'own data', hub: 'Hub dataset', generated: 'made items' }[
    kind
  ]
  return `${name}, ${amount} (${split === '' ? from : `${from}, ${split}`})`
}

/** `, of which shard 1/2 scored 19`: a run's shards all name the run's documents. */
const shardShare = ({ shard }: EvalRecord, { documents_scored }: TaskRecord): string =>
  shard === null ? '' : `, of which shard ${shard.index}/${shard.count} scored ${documents_scored}`

/** Whether there is a shift or a size of each suite. */
const isBySuite = ({ calibrated, tasks }: EvalRecord): boolean =>
  calibrated === 'suite' && Object.keys(tasks).length > 1

/** The shift, or the first parameter of a policy of a size: its window, stride or budget. */
function describeFound(policy: TaskRecord['policy']): string {
  if (policy === undefined) return ''
  if (policy.threshold_shift !== null) return signed(policy.threshold_shift)
  const size = Object.values(policy.parameters).find((value) => typeof value === 'number')
  return size === undefined ? '' : String(size)
}

function missed(record: EvalRecord): Note[] {
  const tasks = missedTasks(record)
  if (tasks.length === 0) return []
  const { requested } = record.sparsity
  const why =
    record.calibrated === 'suite'
      ? 'their texts are too short for more'
      : 'it is reached over all suites together'
  return [['Marked *', `more than ${REACH} from the requested ${requested}: ${tasks.join(', ')}; ${why}`]]
}

function describePolicy(record: EvalRecord): string {
  const { policy } = record
  const settings = Object.entries(policy.parameters).map(([key, value]) => `${key} ${value}`)
  const shift = policy.threshold_shift === null ? [] : [`threshold shift ${signed(policy.threshold_shift)}`]
  const { calibration } = policy
  const found =
    calibration === null
      ? ''
      : `, found on ${plural(calibration.requests, 'request')} in ${plural(calibration.evaluations.length, 'evaluation')}`
  const by = isBySuite(record) ? ', shift or size found for each suite separately' : ''
  return `${[policy.name, ...settings, ...shift].join(', ')}${found}${by}`
}

function describeKept({ sparsity }: EvalRecord): string {
  const { total, per_layer } = sparsity.kept_tokens
  const mean = per_layer.reduce((sum, kept) => sum + kept, 0) / Math.max(1, per_layer.length)
  return `${formatCount(mean)} of ${formatCount(total)} tokens alive after the last row, mean over layers`
}

/** Share of input tokens still alive after the last row, mean over layers. */
function keptShare({ sparsity: { kept_tokens } }: TaskRecord): string {
  const { total, per_layer } = kept_tokens
  if (total === 0 || per_layer.length === 0) return 'N/A'
  return formatPercent(per_layer.reduce((sum, kept) => sum + kept / total, 0) / per_layer.length)
}

/** Published scores are of the dense model on the whole split; say so wherever one is shown. */
function published(record: EvalRecord): Note[] {
  const sources = new Set(rowsOf(record).flatMap((row) => referenceOf(row)?.source ?? []))
  if (sources.size === 0) return []
  return [['Published', `unpruned ${record.model.id} on the whole split; ${[...sources].join('; ')}`]]
}

/** The published score of this very model, if the suite lists one. */
function referenceOf({ record, task, metric }: Row): ReferenceScore | undefined {
  // A folder may be called anything.
  if (record.model.source === 'folder') return undefined
  const id = hubName(record.model.id)
  return record.tasks[task]?.reference.find((score) => score.metric === metric && hubName(score.model) === id)
}

/** The released GPT-2 models moved: `gpt2` and `openai-community/gpt2` are one. */
const hubName = (id: string): string => id.replace(/^openai-community\//, '')

function requested({ sparsity, policy }: EvalRecord): string {
  if (sparsity.requested !== null) return `requested ${sparsity.requested}`
  if (policy.name === 'dense') return 'nothing pruned'
  const level = levelName({ requested: null, by: decidedByPolicy(policy) })
  return level === 'own threshold' ? "the checkpoint's own threshold" : `${level} given`
}
