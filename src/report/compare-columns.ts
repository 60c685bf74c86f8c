/** The columns of a comparison and how its numbers are written: one list for the terminal and for Markdown. */
import type { ComparedMetric, CompareRecord, Comparison, Verdict } from '../record/compare/schema.js'
import { formatBytes, formatRate, plural } from './format.js'
import { type Column, key, left, right, type Tint } from './grid.js'

const TINTS: Readonly<Record<ComparedMetric['verdict'], Tint | null>> = {
  better: 'good',
  same: null,
  worse: 'bad',
  inconclusive: 'unsure',
}

/** `95 %` as the level has it. */
export function columnsOf({ alpha }: CompareRecord): Column<ComparedMetric>[] {
  return [
    key(
      left(
        'Point',
        ({ cell }) => cell,
        (rows) => rows.some(({ cell }) => cell !== ''),
      ),
    ),
    key(left('Task', ({ task }) => task)),
    key(left('Metric', ({ metric, higher_is_better }) => `${metric} ${higher_is_better ? '↑' : '↓'}`)),
    right('Base', ({ metric, base }) => formatValue(metric, base)),
    right('New', (row) => formatValue(row.metric, row.new)),
    right('Change', (row) => formatChange(row, row.change)),
    left(`${percent(1 - alpha)} interval`, formatInterval),
    right('n', ({ n }) => String(n)),
    right(
      'Flips',
      ({ discordant }) => (discordant === null ? '' : `+${discordant.gained} -${discordant.lost}`),
      (rows) => rows.some(({ discordant }) => discordant !== null),
    ),
    right('p', ({ p_holm }) => formatP(p_holm)),
    right('Margin', (row) => formatSize(row, Math.max(row.margin, row.floor ?? 0))),
    right('Detectable', (row) => (row.detectable === null ? 'none' : formatSize(row, row.detectable))),
    { ...left('Verdict', ({ verdict }) => verdict), place: 'first', tint: ({ verdict }) => TINTS[verdict] },
    left('Why', ({ reason }) => reason),
  ]
}

/** Of a verdict that is not known, with what would have been seen. */
export function describeReason(row: ComparedMetric): string {
  const { verdict, reason, detectable } = row
  if (verdict !== 'inconclusive' || detectable === null) return reason
  return `${reason}; smallest detectable loss ${formatSize(row, detectable)}`
}

/** `hellaswag acc`, with the point of a sweep before it. */
export const nameOf = ({ cell, task, metric }: Pick<ComparedMetric, 'cell' | 'task' | 'metric'>): string =>
  [cell, task, metric].filter((part) => part !== '').join(' ')

export function formatValue(metric: string, value: number | null): string {
  if (value === null) return 'not finite'
  if (metric.endsWith('_bytes')) return formatBytes(value)
  if (metric === 'speedup') return `${value.toFixed(2)}x`
  return metric === 'tokens_per_s' ? formatRate(value) : value.toFixed(4)
}

export function formatChange({ scale }: Pick<ComparedMetric, 'scale'>, change: number | null): string {
  if (change === null) return ''
  const size = formatSize({ scale }, Math.abs(change))
  // No minus before what is written as nothing.
  return `${change < 0 && /[1-9]/.test(size) ? '-' : '+'}${size}`
}

/** A size on the scale of a change, without a sign. */
export function formatSize({ scale }: Pick<ComparedMetric, 'scale'>, size: number): string {
  return scale === 'ratio' ? `${(100 * size).toFixed(2)} %` : size.toFixed(4)
}

export function formatInterval(row: ComparedMetric): string {
  const { low, high } = row
  return low === null || high === null ? '' : `${formatChange(row, low)} to ${formatChange(row, high)}`
}

export const formatP = (p: number | null): string =>
  p === null ? '' : p < 0.0001 ? '< 0.0001' : p.toFixed(4)

/** In one line: `hellaswag acc: 0.3100 to 0.2650, -0.0450 (-0.0840 to -0.0062), p 0.0213; worse: significant` */
export function describeResult(result: ComparedMetric): string {
  const { metric, base, p_holm, verdict } = result
  const interval = formatInterval(result)
  const p = p_holm === null ? '' : `, p ${formatP(p_holm)}`
  const values = `${nameOf(result)}: ${formatValue(metric, base)} to ${formatValue(metric, result.new)}`
  const change =
    result.change === null
      ? ''
      : `, ${formatChange(result, result.change)}${interval === '' ? '' : ` (${interval})`}`
  return `${values}${change}${p}; ${verdict}: ${describeReason(result)}`
}

/** Results of one verdict, with the files they are of. */
export const resultsWith = (
  { comparisons }: CompareRecord,
  wanted: Verdict,
): { file: string; result: ComparedMetric }[] =>
  comparisons.flatMap(({ record, results }) =>
    results.filter(({ verdict }) => verdict === wanted).map((result) => ({ file: record.file, result })),
  )

/** `2 worse, 1 inconclusive, 5 same` */
export function countVerdicts(results: readonly ComparedMetric[]): string {
  const count = (verdict: string): number => results.filter((one) => one.verdict === verdict).length
  const parts = ['worse', 'inconclusive', 'same', 'better'].filter((verdict) => count(verdict) > 0)
  return parts.length === 0
    ? 'nothing compared'
    : parts.map((verdict) => `${count(verdict)} ${verdict}`).join(', ')
}

/** What a comparison is of: every setting that is not the base's, with both values. */
export function describeDifferences(compared: CompareRecord, comparison: Comparison): string {
  const { base, record, differs } = { ...comparison, base: comparison.base ?? compared.base }
  const changes = differs.map(
    (name) => `${name} ${base.settings[name] ?? 'none'} to ${record.settings[name] ?? 'none'}`,
  )
  if (changes.length > 0) return changes.join('; ')
  // To the millisecond: a record that was compared with itself, or a copy that was meant to be a new one.
  return base.date === record.date
    ? 'nothing, both are records of one and the same run'
    : 'no setting differs'
}

/** What stands over every comparison: how many tests, at what level, and with what power. */
export function describeFamily({ tests, alpha, power }: CompareRecord): string {
  return (
    `${plural(tests, 'test')}, Holm-corrected at ${percent(alpha)}; a true loss of the size under Detectable is called worse ` +
    `with ${percent(power)} chance`
  )
}

/** As it was typed: `99.9 %`. */
const percent = (share: number): string => `${Number((100 * share).toPrecision(4))} %`
