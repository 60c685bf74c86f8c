/** Scores of suites against what was dropped. */

import { linesOverSparsity } from '../../figures/names.js'
import { type Panel, qualityPanels } from '../../figures/panels.js'
import type { PageData, QualityRow } from '../../figures/rows.js'
import type { PageSeries } from '../shared/series.js'
import type { Column } from '../shared/sortable-table.js'
import type { Axis, ChartParts, Point } from './chart.js'
import { type Section, tableOf } from './section.js'
import { decimals, range, type Sources, subjectColumns } from './sources.js'

export const SPARSITY: Axis = {
  label: 'share of causal pairs removed',
  domain: [0, 1],
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
}

export function qualitySection({ quality }: PageData, page: PageSeries, sources: Sources): Section {
  return {
    title: 'Quality against sparsity',
    intro:
      'Scores of suites by the share of context that was removed, with 95 % intervals over documents: of each score alone, ' +
      'not of differences, which are smaller where the documents are the same.',
    charts: qualityPanels(quality, page.names).map((panel) => qualityChart(panel, page, sources)),
    table: tableOf('scores', columns(quality, sources), quality),
  }
}

function qualityChart({ rows, note }: Panel<QualityRow>, page: PageSeries, sources: Sources): ChartParts {
  const lines = linesOverSparsity(rows, page.names)
  const [{ task, metric, higherIsBetter }] = rows
  const point = (series: string, row: QualityRow): Point => ({
    series,
    x: row.sparsity,
    y: row.value,
    low: row.low,
    high: row.high,
    tip: [
      page.names.full(row),
      `${metric} ${row.value.toFixed(4)}${row.low === null ? '' : ` (${range(row.low, row.high)})`}`,
      `sparsity ${row.sparsity.toFixed(4)}, ${row.documents} documents${row.complete ? '' : ', INCOMPLETE'}`,
      ...sources.lines(row),
    ],
  })
  const points = lines.flatMap(({ name, rows }) => rows.map((row) => point(name, row)))
  return {
    title: `${task}, ${metric}${note} (${higherIsBetter ? 'higher' : 'lower'} is better)`,
    x: SPARSITY,
    y: { label: metric },
    points,
    series: page.of(lines.map(({ name }) => name)),
    joined: 'series',
    dots: true,
    levels: lines.filter(({ level }) => level).map(({ name, rows }) => point(name, rows[0])),
  }
}

function columns(rows: readonly QualityRow[], sources: Sources): Column<QualityRow>[] {
  const four = decimals(4)
  return [
    { head: 'Task', value: ({ task }) => task },
    { head: 'Metric', value: ({ metric, higherIsBetter }) => `${metric} ${higherIsBetter ? '↑' : '↓'}` },
    ...subjectColumns(rows),
    {
      head: 'Sparsity',
      value: ({ sparsity }) => sparsity,
      text: ({ sparsity }) => four(sparsity),
      numeric: true,
    },
    { head: 'Value', value: ({ value }) => value, text: ({ value }) => four(value), numeric: true },
    {
      head: '95 % interval',
      value: ({ low }) => low,
      text: ({ low, high }) => range(low, high),
      numeric: true,
    },
    { head: 'Documents', value: ({ documents }) => documents, numeric: true },
    sources.column(),
  ]
}
