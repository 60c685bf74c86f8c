/** Scores of suites against what was dropped. */
import { X_AXES } from '../../figures/axes.js'
import { type Panel, qualityPanels } from '../../figures/panels.js'
import type { QualityRow } from '../../figures/rows.js'
import { fixed } from '../../format.js'
import { number, text } from '../shared/sortable-table.js'
import { chartAgainstSparsity } from './against-sparsity.js'
import type { ChartParts } from './chart.js'
import { inBrackets, intervalColumn, type Page, subjectColumns } from './page.js'
import { section } from './section.js'

export const qualitySection = section<QualityRow>({
  title: ({ data }) => `Quality against ${X_AXES[data.x].name}`,
  intro:
    'Scores of suites by the share of context that was removed, with 95 % intervals over documents: of each score alone, ' +
    'not of differences, which are smaller where the documents are the same.',
  rows: ({ quality }) => quality,
  charts: (rows, page) => qualityPanels(rows, page.names).map((panel) => qualityChart(panel, page)),
  caption: 'scores',
  columns: (rows, page) => [
    text('Task', ({ task }) => task),
    text('Metric', ({ metric, higherIsBetter }) => `${metric} ${higherIsBetter ? '↑' : '↓'}`),
    ...subjectColumns(rows),
    number('Sparsity', ({ sparsity }) => sparsity, fixed),
    number('KV footprint', ({ footprint }) => footprint, fixed),
    number('Value', ({ value }) => value, fixed),
    intervalColumn((row) => row),
    number('Documents', ({ documents }) => documents),
    page.sourceColumn(),
  ],
})

function qualityChart({ rows, note }: Panel<QualityRow>, page: Page): ChartParts {
  const [{ task, metric, higherIsBetter }] = rows
  const lines = {
    title: `${task}, ${metric}${note} (${higherIsBetter ? 'higher' : 'lower'} is better)`,
    y: { label: metric },
    rows,
    point: (row: QualityRow) => ({
      y: row.value,
      low: row.low,
      high: row.high,
      tip: [
        page.names.full(row),
        `${metric} ${fixed(row.value)}${inBrackets(row)}`,
        `sparsity ${fixed(row.sparsity)}, KV footprint ${fixed(row.footprint)}, ${row.documents} documents${row.complete ? '' : ', INCOMPLETE'}`,
        ...page.source(row),
      ],
    }),
  }
  return chartAgainstSparsity(lines, page)
}
