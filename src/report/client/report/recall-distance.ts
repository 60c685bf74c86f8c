/** What is recalled by how far back the answer is, over texts of all lengths: dense beside pruned. */
import { grouped } from '../../figures/grouped.js'
import { DENSE, seriesByShare } from '../../figures/names.js'
import type { RecallDistanceRow } from '../../figures/rows.js'
import { fixed, plural, signed } from '../../format.js'
import { seriesOf } from '../shared/series.js'
import { number, text } from '../shared/sortable-table.js'
import type { ChartParts } from './chart.js'
import { inBrackets, intervalColumn, type Page, subjectColumns } from './page.js'
import { section } from './section.js'

const two = (value: number): string => fixed(value, 2)

export const recallDistanceSection = section<RecallDistanceRow>({
  title: 'Recall by distance',
  intro:
    'The same answers by the tokens between them and the end of the prompt, over texts of all lengths. A window loses what is further away than it is ' +
    'long. 95 % intervals over items, or over texts where several questions are about one.',
  rows: ({ recallDistances }) => recallDistances,
  charts: (rows, page) =>
    grouped(rows, ({ checkpoint, task, question, set }) =>
      JSON.stringify([checkpoint, task, question, set]),
    ).map((some) => distanceChart(some, page)),
  caption: 'recall by distance',
  columns: (rows, page) => [
    text('Task', ({ task }) => task),
    text('Question', ({ question }) => question.replace(/^question /, '')),
    number('From', ({ from }) => from),
    number('To', ({ to }) => to),
    ...subjectColumns(rows),
    number('Items', ({ items }) => items),
    number('Right', ({ right }) => right, two),
    number('Chance', ({ chance }) => chance, two),
    number('Margin', ({ margin }) => margin, signed),
    intervalColumn((row) => row, 2),
    page.sourceColumn(),
  ],
})

function distanceChart(rows: RecallDistanceRow[], page: Page): ChartParts {
  const [{ task, question, checkpoint }] = rows
  const name = seriesByShare(rows, page.names)
  const names = [...new Set(rows.map(name))].toSorted((a, b) => Number(b === DENSE) - Number(a === DENSE))
  return {
    title: [task, question, ...(page.names.several ? [checkpoint] : [])].filter(Boolean).join(', '),
    x: { label: 'distance of the answer, tokens', type: 'log', format: String },
    y: { label: 'margin, nats' },
    zero: true,
    points: rows.map((row) => ({
      series: name(row),
      x: Math.max(1, row.distance),
      y: row.margin,
      low: row.low,
      high: row.high,
      tip: [
        page.names.full(row),
        `distance ${row.from} to ${row.to}: margin ${signed(row.margin)}${inBrackets(row)}`,
        `right ${two(row.right)} of ${plural(row.items, 'item')}, chance ${two(row.chance)}`,
        ...page.source(row),
      ],
    })),
    series: seriesOf(names),
  }
}
