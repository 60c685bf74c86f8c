/** A record -> what a person reads after a run: lm-eval's table with the sparsity beside it, then a few plain lines. */
import Table from 'cli-table3'
import type {
  EvalRecord,
  GroupResult,
  ReferenceScore,
  TaskRecord,
  TaskResult,
} from '../record/eval/schema.js'
import {
  formatBytes,
  formatCount,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShare,
  formatStatistic,
} from './format.js'
import { metricInterval } from './interval.js'
import {
  ASCII_BORDER,
  describeAdapter,
  describeModel,
  markdownRow,
  peakName,
  renderNotes,
  toAscii,
} from './notes.js'

export interface TableOptions {
  /** Only ASCII, for terminals and logs that show nothing else. */
  ascii?: boolean
  /** Columns of the terminal, for plots; 80 where it is not known. */
  width?: number
}

/** The table and the lines under it; no colours, ends without a newline. */
export function renderRecord(record: EvalRecord, options: TableOptions = {}): string {
  const notes = describeRun(record)
  return `${renderTable(record, options)}\n${options.ascii === true ? toAscii(notes) : notes}`
}

/** The main table as Markdown, for a README. */
export function renderMarkdown(record: EvalRecord): string {
  const columns = shownColumns(record)
  return [
    markdownRow(columns.map(({ head }) => head.replace('\n', ' '))),
    markdownRow(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rowsOf(record).map((row) => markdownRow(columns.map(({ cell }) => cell(row)))),
  ].join('\n')
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

interface Column {
  head: string
  align: 'left' | 'right'
  cell(row: Row): string
  /** Absent: always shown. */
  shown?(record: EvalRecord): boolean
}

const once =
  (text: (row: Row) => string) =>
  (row: Row): string =>
    row.first && !row.group ? text(row) : ''

/** The one list of columns: lm-eval's, then ours. */
const COLUMNS: readonly Column[] = [
  {
    head: 'Tasks',
    align: 'left',
    cell: ({ result, first, group }) => (group ? `${result.alias} (mean)` : first ? result.alias : ''),
  },
  { head: 'Version', align: 'right', cell: once(({ record, task }) => String(record.versions[task])) },
  { head: 'n-shot', align: 'right', cell: once(({ record, task }) => String(record['n-shot'][task])) },
  { head: 'Metric', align: 'left', cell: ({ metric }) => metric },
  {
    head: '',
    align: 'left',
    cell: ({ record, task, metric }) => (betterOf(record, task)[metric] ? '↑' : '↓'),
  },
  {
    head: 'Value',
    align: 'right',
    cell: ({ result, metric }) => formatStatistic(result[`${metric},none`] ?? 'N/A'),
  },
  { head: '', align: 'left', cell: () => '±' },
  {
    head: 'Stderr',
    align: 'right',
    cell: ({ result, metric }) => formatStatistic(result[`${metric}_stderr,none`] ?? 'N/A'),
  },
  { head: '95 %\ninterval', align: 'left', cell: interval },
  {
    head: 'Sparsity\nrequested',
    align: 'right',
    cell: once(({ record }) => record.sparsity.requested?.toString() ?? '-'),
  },
  {
    head: 'Sparsity\nachieved',
    align: 'right',
    cell: once(({ record, task }) => record.tasks[task].sparsity.achieved.toFixed(4)),
  },
  { head: 'Tokens\nkept', align: 'right', cell: once(({ record, task }) => keptShare(record.tasks[task])) },
  {
    head: 'Published',
    align: 'right',
    cell: ({ record, task, metric }) => referenceOf(record, task, metric)?.value.toFixed(4) ?? '',
    shown: (record) =>
      rowsOf(record).some(({ task, metric }) => referenceOf(record, task, metric) !== undefined),
  },
]

const shownColumns = (record: EvalRecord): Column[] => COLUMNS.filter(({ shown }) => shown?.(record) ?? true)

/** Metrics in the order the suite lists them, then the groups' means. */
function rowsOf(record: EvalRecord): Row[] {
  const tasks = Object.entries(record.results).flatMap(([task, result]) =>
    Object.keys(record.higher_is_better[task] ?? {}).map((metric, index) => ({
      record,
      task,
      metric,
      first: index === 0,
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

function interval({ result, metric, group }: Row): string {
  const value = result[`${metric},none`]
  const stderr = result[`${metric}_stderr,none`]
  if (typeof value !== 'number' || typeof stderr !== 'number') return ''
  const { low, high } = metricInterval({ metric, value, stderr, documents: result.sample_len, group })
  return `${formatStatistic(low)} to ${formatStatistic(high)}`
}

function renderTable(record: EvalRecord, { ascii = false }: TableOptions): string {
  const columns = shownColumns(record)
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true },
    chars: ascii ? ASCII_BORDER : {},
  })
  table.push(
    ...rowsOf(record).map((row) => columns.map(({ cell }) => (ascii ? toAscii(cell(row)) : cell(row)))),
  )
  return table.toString()
}

function describeRun(record: EvalRecord): string {
  const { environment, timing, memory, sparsity } = record
  const notes: [string, string][] = [
    ...stopped(record),
    ...Object.entries(record.tasks).map(([task, { data, documents }]): [string, string] => [
      'Data',
      `${task}: ${origin(data, documents)}`,
    ]),
    ['Model', describeModel(record.model)],
    ['Policy', describePolicy(record)],
    ['Sparsity', `${requested(record)}, achieved ${sparsity.achieved.toFixed(4)} of causal pairs`],
    ['Per layer', sparsity.per_layer.map((share) => formatShare(share)).join(' ')],
    ['Kept', describeKept(record)],
    ['Adapter', describeAdapter(environment)],
    [
      'Time',
      `${formatSeconds(timing.total_s)}: load ${formatSeconds(timing.load_s)}, calibrate ` +
        `${formatSeconds(timing.calibrate_s)}, score ${formatSeconds(timing.score_s)}; ` +
        `${formatRate(timing.tokens_per_s)} tokens/s, ${formatRate(timing.requests_per_s)} requests/s`,
    ],
    [
      'Memory',
      `${peakName(environment)} ${formatBytes(memory.peak_bytes)}: weights ${formatBytes(memory.weights_bytes)}, ` +
        `activations ${formatBytes(memory.activations_bytes)}, cache ${formatBytes(memory.cache_bytes)}`,
    ],
    ...Object.values(record.groups).map(({ name, note }): [string, string] => ['Mean', `${name}: ${note}`]),
    ...published(record),
  ]
  return renderNotes(notes)
}

function stopped({ status, tasks }: EvalRecord): [string, string][] {
  if (status === 'complete') return []
  const sum = (key: 'documents' | 'documents_scored'): number =>
    Object.values(tasks).reduce((total, task) => total + task[key], 0)
  const scored = `${formatCount(sum('documents_scored'))} of ${formatCount(sum('documents'))} documents`
  return [['INCOMPLETE', `stopped after ${scored}; figures are over those`]]
}

/** `bundled sample, 200 of 10042 (Rowan/hellaswag, validation)`; what was left out is always said. */
function origin(
  { kind, source, revision, split, rows, total }: TaskRecord['data'],
  documents: number,
): string {
  const whole = total ?? rows
  const amount =
    documents === total ? `all ${documents}` : `${documents} of ${whole}${total === null ? ' rows' : ''}`
  const from = revision === null || kind === 'sample' ? source : `${source}@${revision.slice(0, 8)}`
  const name = { sample: 'bundled sample', file: 'own data', hub: 'Hub dataset' }[kind]
  return `${name}, ${amount} (${split === '' ? from : `${from}, ${split}`})`
}

function describePolicy({ policy }: EvalRecord): string {
  const settings = Object.entries(policy.parameters).map(([key, value]) => `${key} ${value}`)
  const shift = policy.threshold_shift === null ? [] : [`threshold shift ${signed(policy.threshold_shift)}`]
  const { calibration } = policy
  const found =
    calibration === null
      ? ''
      : `, found on ${formatCount(calibration.requests)} requests in ${calibration.evaluations.length} evaluations`
  return `${[policy.name, ...settings, ...shift].join(', ')}${found}`
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
function published(record: EvalRecord): [string, string][] {
  const sources = new Set(
    rowsOf(record).flatMap(({ task, metric }) => referenceOf(record, task, metric)?.source ?? []),
  )
  if (sources.size === 0) return []
  return [['Published', `unpruned ${record.model.id} on the whole split; ${[...sources].join('; ')}`]]
}

/** The published score of this very model, if the suite lists one. */
function referenceOf(record: EvalRecord, task: string, metric: string): ReferenceScore | undefined {
  // A folder may be called anything.
  if (record.model.source === 'folder') return undefined
  const id = hubName(record.model.id)
  return record.tasks[task]?.reference.find((score) => score.metric === metric && hubName(score.model) === id)
}

/** The released GPT-2 models moved: `gpt2` and `openai-community/gpt2` are one. */
const hubName = (id: string): string => id.replace(/^openai-community\//, '')

function requested({ sparsity, policy }: EvalRecord): string {
  if (sparsity.requested !== null) return `requested ${sparsity.requested}`
  return policy.name === 'dense' ? 'nothing pruned' : "the checkpoint's own threshold"
}

const signed = (shift: number): string => (shift < 0 ? shift.toFixed(4) : `+${shift.toFixed(4)}`)
