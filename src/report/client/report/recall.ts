/** What is recalled at each length and depth, as grids and as the margin of the right answer along the depth, dense beside pruned. */
import { grouped } from '../../figures/grouped.js'
import { DENSE, seriesByShare } from '../../figures/names.js'
import type { RecallRow } from '../../figures/rows.js'
import { fixed, plural, signed } from '../../format.js'
import { seriesOf } from '../shared/series.js'
import { number, text } from '../shared/sortable-table.js'
import type { ChartParts } from './chart.js'
import { inBrackets, intervalColumn, type Page, subjectColumns } from './page.js'
import { heatMaps } from './recall-heat.js'
import { section } from './section.js'

const two = (value: number): string => fixed(value, 2)

export const recallSection = section<RecallRow>({
  title: 'Recall by length and depth',
  intro:
    'Share of items whose right answer is the likeliest, and its margin: log-probability less that of the likeliest other candidate, in nats, by the ' +
    'length of the text and the place of the answer in it. ' +
    'Where the dense model is at 0 or below it does not know the answer either, and pruning proves nothing. 95 % intervals over items.',
  rows: ({ recalls }) => recalls,
  charts: (rows, page) => [
    ...heatMaps(rows, page),
    ...grouped(rows, ({ checkpoint, task, length, set }) =>
      JSON.stringify([checkpoint, task, length, set]),
    ).map((some) => depthChart(some, page)),
  ],
  caption: 'recall',
  columns: (rows, page) => [
    text('Task', ({ task }) => task),
    text('Question', ({ question }) => question.replace(/^question /, '')),
    number('Length', ({ length }) => length),
    number('Depth', ({ depth }) => depth),
    ...subjectColumns(rows),
    number('Items', ({ items }) => items),
    number('Right', ({ right }) => right, two),
    number('Chance', ({ chance }) => chance, two),
    number('Exact', ({ exact }) => exact, two),
    number('Margin', ({ margin }) => margin, signed),
    intervalColumn((row) => row, 2),
    page.sourceColumn(),
  ],
})

function depthChart(rows: RecallRow[], page: Page): ChartParts {
  const [{ task, length, question, checkpoint }] = rows
  const name = seriesByShare(rows, page.names)
  const names = [...new Set(rows.map(name))].toSorted((a, b) => Number(b === DENSE) - Number(a === DENSE))
  return {
    title: [task, `${length} tokens`, question, ...(page.names.several ? [checkpoint] : [])]
      .filter(Boolean)
      .join(', '),
    x: { label: 'depth of the answer', domain: [0, 1], format: String },
    y: { label: 'margin, nats' },
    zero: true,
    points: rows.map((row) => ({
      series: name(row),
      x: row.depth,
      y: row.margin,
      low: row.low,
      high: row.high,
      tip: [
        page.names.full(row),
        `depth ${row.depth}: margin ${signed(row.margin)}${inBrackets(row)}`,
        `right ${two(row.right)} of ${plural(row.items, 'item')}, chance ${two(row.chance)}`,
        ...page.source(row),
      ],
    })),
    series: seriesOf(names),
  }
}
