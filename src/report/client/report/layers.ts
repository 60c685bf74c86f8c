/** Which layers drop how much. */

import { grouped } from '../../figures/grouped.js'
import { levelName } from '../../figures/names.js'
import type { LayerRow, PageData } from '../../figures/rows.js'
import type { Column } from '../shared/sortable-table.js'
import type { ChartParts } from './chart.js'
import { type Section, tableOf } from './section.js'
import { type PageSeries, shadedSeries } from './series.js'
import { decimals, type Sources, subjectColumns } from './sources.js'

export function layerSection({ layers }: PageData, page: PageSeries, sources: Sources): Section {
  const panels = grouped(layers, ({ checkpoint, policy, on }) => JSON.stringify([checkpoint, policy, on]))
  return {
    title: 'Sparsity by layer',
    intro:
      'Share of causal pairs that each layer removed. Shades are the shares asked for. Policies that treat all layers alike have no plot.',
    charts: panels.filter(differs).map((rows) => layerChart(rows, page, sources)),
    table: tableOf('sparsity by layer', columns(layers, sources), layers),
  }
}

/** Some layer drops more than another, at the same share asked for. */
function differs(rows: readonly LayerRow[]): boolean {
  return grouped(rows, runOf).some((run) => {
    const shares = run.map(({ sparsity }) => sparsity)
    return Math.max(...shares) - Math.min(...shares) > 1e-9
  })
}

/** The layers of one run share all of their path but its end. */
const runOf = ({ record, path }: LayerRow): string => `${record} ${path.replace(/\[\d+\]$/, '')}`

function layerChart(rows: LayerRow[], page: PageSeries, sources: Sources): ChartParts {
  const levels = [...new Set(rows.map(({ requested }) => requested))].sort((a, b) => (a ?? 2) - (b ?? 2))
  const last = Math.max(...rows.map(({ layer }) => layer))
  return {
    title: `${page.names.of(rows[0])} on ${rows[0].on}`,
    x: {
      label: 'layer',
      ticks: last > 16 ? undefined : Array.from({ length: last }, (_, i) => i + 1),
      format: String,
    },
    y: { label: 'share of causal pairs removed', domain: [0, 1] },
    points: rows.map((row) => ({
      series: levelName(row.requested),
      x: row.layer,
      y: row.sparsity,
      tip: [page.names.full(row), `layer ${row.layer}: ${row.sparsity.toFixed(4)}`, ...sources.lines(row)],
    })),
    series: shadedSeries(levels.map(levelName)),
    joined: 'series',
    dots: true,
  }
}

function columns(rows: readonly LayerRow[], sources: Sources): Column<LayerRow>[] {
  return [
    { head: 'On', value: ({ on }) => on },
    ...subjectColumns(rows),
    { head: 'Layer', value: ({ layer }) => layer, numeric: true },
    {
      head: 'Sparsity',
      value: (row) => row.sparsity,
      text: (row) => decimals(4)(row.sparsity),
      numeric: true,
    },
    sources.column(),
  ]
}
