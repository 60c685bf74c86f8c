/** What changed between records, and what was concluded of it. */
import { grouped } from '../../figures/grouped.js'
import type { ComparisonRow } from '../../figures/rows.js'
import { fixed, signed } from '../../format.js'
import type { Series } from '../shared/series.js'
import { number, text } from '../shared/sortable-table.js'
import type { ForestParts } from './forest.js'
import { intervalColumn, type Page, range } from './page.js'
import { section } from './section.js'

const VERDICTS: readonly Series[] = [
  { name: 'better', colour: 'var(--better)', symbol: 'triangle' },
  { name: 'same', colour: 'var(--same)', symbol: 'circle' },
  { name: 'worse', colour: 'var(--worse)', symbol: 'diamond' },
  { name: 'inconclusive', colour: 'var(--inconclusive)', symbol: 'square' },
]

export const comparisonSection = section<ComparisonRow>({
  title: 'Comparison',
  intro:
    'Changes as asp compare found them, with 95 % intervals of the paired difference. The dashed tick is the margin: a smaller ' +
    'loss is ignored. Verdicts are after correction for all tests of the comparison.',
  rows: ({ comparisons }) => comparisons,
  charts: (rows, page) =>
    grouped(rows, ({ record, compared, metric, scale }) =>
      JSON.stringify([record, compared, metric, scale]),
    ).map((some) => changes(some, page)),
  caption: 'changes',
  columns: (_, page) => [
    text('New', ({ compared }) => compared),
    text('Test', ({ test }) => test),
    text('Metric', ({ metric, higherIsBetter }) => `${metric} ${higherIsBetter ? '↑' : '↓'}`),
    number('Base', ({ before }) => before, fixed),
    number('New', ({ after }) => after, fixed),
    number('Change', ({ change }) => change, signed),
    intervalColumn((row) => row),
    number('Margin', ({ limit }) => limit, signed),
    number('n', ({ n }) => n),
    number(
      'p',
      (row) => row.p,
      (p) => (p < 1e-4 ? '< 0.0001' : fixed(p)),
    ),
    text('Verdict', ({ verdict }) => verdict),
    text('Why', ({ reason }) => reason),
    page.sourceColumn(),
  ],
})

function changes(rows: ComparisonRow[], page: Page): ForestParts {
  const [{ metric, higherIsBetter, scale, base, compared }] = rows
  return {
    title: `${metric} (${higherIsBetter ? 'higher' : 'lower'} is better): ${nameOf(compared)} against ${nameOf(base)}`,
    x: scale === 'ratio' ? 'new over base, minus 1' : 'new less base',
    rows: rows.map((row) => ({
      name: row.test,
      series: row.verdict,
      change: row.change,
      low: row.low,
      high: row.high,
      limit: row.limit,
      tip: [
        `${row.test}, ${row.metric}: ${row.verdict}`,
        `${fixed(row.before)} to ${fixed(row.after)}, change ${signed(row.change)} (${range(row)})`,
        `margin ${signed(row.limit)}, n ${row.n}${row.p === null ? '' : `, p ${fixed(row.p)}`}`,
        row.reason,
        ...page.source(row),
      ],
    })),
    series: VERDICTS.filter(({ name }) => rows.some(({ verdict }) => verdict === name)),
  }
}

/** A file without its folders. */
const nameOf = (file: string): string => file.split(/[\\/]/).at(-1) ?? file
