/** The columns of a comparison and how its numbers are written: one list for the terminal and for Markdown. */
import type { ComparedMetric, CompareRecord, Comparison } from '../record/compare/schema.js'
import { formatBytes, formatRate } from './format.js'

export interface CompareColumn {
  head: string
  align: 'left' | 'right'
  cell(row: ComparedMetric): string
  /** Absent: always shown. */
  shown?(rows: readonly ComparedMetric[]): boolean
}

export const COMPARE_COLUMNS: readonly CompareColumn[] = [
  {
    head: 'Point',
    align: 'left',
    cell: ({ cell }) => cell,
    shown: (rows) => rows.some(({ cell }) => cell !== ''),
  },
  { head: 'Task', align: 'left', cell: ({ task }) => task },
  {
    head: 'Metric',
    align: 'left',
    cell: ({ metric, higher_is_better }) => `${metric} ${higher_is_better ? '↑' : '↓'}`,
  },
  { head: 'Base', align: 'right', cell: ({ metric, base }) => formatValue(metric, base) },
  { head: 'New', align: 'right', cell: (row) => formatValue(row.metric, row.new) },
  { head: 'Change', align: 'right', cell: (row) => formatChange(row, row.change) },
  { head: 'Interval', align: 'left', cell: formatInterval },
  { head: 'n', align: 'right', cell: ({ n }) => String(n) },
  {
    head: 'Flips',
    align: 'right',
    cell: ({ discordant }) => (discordant === null ? '' : `+${discordant.gained} -${discordant.lost}`),
    shown: (rows) => rows.some(({ discordant }) => discordant !== null),
  },
  { head: 'p', align: 'right', cell: ({ p_holm }) => formatP(p_holm) },
  { head: 'Margin', align: 'right', cell: (row) => formatSize(row, Math.max(row.margin, row.floor ?? 0)) },
  {
    head: 'Detectable',
    align: 'right',
    cell: (row) => (row.detectable === null ? 'none' : formatSize(row, row.detectable)),
  },
  { head: 'Verdict', align: 'left', cell: ({ verdict }) => verdict },
  { head: 'Why', align: 'left', cell: ({ reason }) => reason },
]

/** Columns that have something to say of these rows, `95 %` as the level has it. */
export function shownColumns({ alpha }: CompareRecord, rows: readonly ComparedMetric[]): CompareColumn[] {
  const level = `${Number((100 * (1 - alpha)).toPrecision(4))} % interval`
  return COMPARE_COLUMNS.filter(({ shown }) => shown?.(rows) ?? true).map((column) =>
    column.cell === formatInterval ? { ...column, head: level } : column,
  )
}

export function formatValue(metric: string, value: number): string {
  if (metric.endsWith('_bytes')) return formatBytes(value)
  if (metric === 'speedup') return `${value.toFixed(2)}x`
  return metric === 'tokens_per_s' ? formatRate(value) : value.toFixed(4)
}

export function formatChange({ scale }: Pick<ComparedMetric, 'scale'>, change: number): string {
  const size = formatSize({ scale }, Math.abs(change))
  // No minus before what is written as nothing.
  return `${change < 0 && /[1-9]/.test(size) ? '-' : '+'}${size}`
}

/** A size on the scale of a change, without a sign. */
export function formatSize({ scale }: Pick<ComparedMetric, 'scale'>, size: number): string {
  return scale === 'ratio' ? `${(100 * size).toFixed(2)} %` : size.toFixed(4)
}

function formatInterval(row: ComparedMetric): string {
  const { low, high } = row
  return low === null || high === null ? '' : `${formatChange(row, low)} to ${formatChange(row, high)}`
}

export const formatP = (p: number | null): string =>
  p === null ? '' : p < 0.0001 ? '< 0.0001' : p.toFixed(4)

/** `2 worse, 1 inconclusive, 5 same` */
export function countVerdicts(results: readonly ComparedMetric[]): string {
  const count = (verdict: string): number => results.filter((one) => one.verdict === verdict).length
  const parts = ['worse', 'inconclusive', 'same', 'better'].filter((verdict) => count(verdict) > 0)
  return parts.length === 0
    ? 'nothing compared'
    : parts.map((verdict) => `${count(verdict)} ${verdict}`).join(', ')
}

/** What a comparison is of: every setting that is not the base's, with both values. */
export function describeDifferences({ base }: CompareRecord, { record, differs }: Comparison): string {
  const changes = differs.map(
    (name) => `${name} ${base.settings[name] ?? 'none'} to ${record.settings[name] ?? 'none'}`,
  )
  return changes.length === 0 ? 'no setting differs' : changes.join('; ')
}

/** What stands over every comparison: how many tests, at what level, and with what power. */
export function describeFamily({ tests, alpha, power }: CompareRecord): string {
  const percent = (share: number): string => `${Number((100 * share).toPrecision(4))} %`
  return (
    `${tests} test${tests === 1 ? '' : 's'}, Holm-corrected at ${percent(alpha)}; a true loss of the size under Detectable is called worse ` +
    `with ${percent(power)} chance`
  )
}
