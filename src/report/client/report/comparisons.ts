/** What changed between records, and what was concluded of it. */
import { grouped } from '../../figures/grouped.js'
import type { ComparisonRow, PageData } from '../../figures/rows.js'
import type { Series } from '../shared/series.js'
import type { Column } from '../shared/sortable-table.js'
import type { ForestParts } from './forest.js'
import { type Section, tableOf } from './section.js'
import { decimals, range, type Sources, signed } from './sources.js'

const VERDICTS: readonly Series[] = [
  { name: 'better', colour: 'var(--better)', symbol: 'triangle' },
  { name: 'same', colour: 'var(--same)', symbol: 'circle' },
  { name: 'worse', colour: 'var(--worse)', symbol: 'diamond' },
  { name: 'inconclusive', colour: 'var(--inconclusive)', symbol: 'square' },
]

export function comparisonSection({ comparisons }: PageData, sources: Sources): Section {
  const panels = grouped(comparisons, ({ record, compared, metric, scale }) =>
    JSON.stringify([record, compared, metric, scale]),
  )
  return {
    title: 'Comparison',
    intro:
      'Changes as asp compare found them, with 95 % intervals of the paired difference. The dashed tick is the margin: a loss up to ' +
      'there is taken for none. Verdicts are after correction for all tests of the comparison.',
    charts: panels.map((rows) => changes(rows, sources)),
    table: tableOf('changes', columns(sources), comparisons),
  }
}

function changes(rows: ComparisonRow[], sources: Sources): ForestParts {
  const [{ metric, higherIsBetter, scale, base, compared }] = rows
  return {
    title: `${metric} (${higherIsBetter ? 'higher' : 'lower'} is better): ${nameOf(compared)} against ${nameOf(base)}`,
    x: scale === 'ratio' ? 'new over base, less 1' : 'new less base',
    rows: rows.map((row) => ({
      name: row.test,
      series: row.verdict,
      change: row.change,
      low: row.low,
      high: row.high,
      limit: row.limit,
      tip: [
        `${row.test}, ${row.metric}: ${row.verdict}`,
        `${row.before.toFixed(4)} to ${row.after.toFixed(4)}, change ${signed(row.change)} (${range(row.low, row.high)})`,
        `margin ${signed(row.limit)}, n ${row.n}${row.p === null ? '' : `, p ${row.p.toFixed(4)}`}`,
        row.reason,
        ...sources.lines(row),
      ],
    })),
    series: VERDICTS.filter(({ name }) => rows.some(({ verdict }) => verdict === name)),
  }
}

/** A file without its folders. */
const nameOf = (file: string): string => file.split(/[\\/]/).at(-1) ?? file

function columns(sources: Sources): Column<ComparisonRow>[] {
  const four = decimals(4)
  return [
    { head: 'New', value: ({ compared }) => compared },
    { head: 'Test', value: ({ test }) => test },
    { head: 'Metric', value: ({ metric, higherIsBetter }) => `${metric} ${higherIsBetter ? '↑' : '↓'}` },
    { head: 'Base', value: ({ before }) => before, text: ({ before }) => four(before), numeric: true },
    { head: 'New', value: ({ after }) => after, text: ({ after }) => four(after), numeric: true },
    { head: 'Change', value: ({ change }) => change, text: ({ change }) => signed(change), numeric: true },
    {
      head: '95 % interval',
      value: ({ low }) => low,
      text: ({ low, high }) => range(low, high),
      numeric: true,
    },
    { head: 'Margin', value: ({ limit }) => limit, text: ({ limit }) => signed(limit), numeric: true },
    { head: 'n', value: ({ n }) => n, numeric: true },
    {
      head: 'p',
      value: ({ p }) => p,
      text: ({ p }) => (p !== null && p < 1e-4 ? '< 0.0001' : four(p)),
      numeric: true,
    },
    { head: 'Verdict', value: ({ verdict }) => verdict },
    { head: 'Why', value: ({ reason }) => reason },
    sources.column(),
  ]
}
