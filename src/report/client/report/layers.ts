/** Which layers drop how much. */

import { grouped } from '../../figures/grouped.js'
import { levelName } from '../../figures/names.js'
import type { LayerRow, PageData } from '../../figures/rows.js'
import { type PageSeries, shadedSeries } from '../shared/series.js'
import type { Column } from '../shared/sortable-table.js'
import type { ChartParts } from './chart.js'
import { type Section, tableOf } from './section.js'
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

/** Some layer drops more than another. */
const differs = (rows: readonly LayerRow[]): boolean =>
  rows.some(({ perLayer }) => Math.max(...perLayer) - Math.min(...perLayer) > 1e-9)

function layerChart(rows: LayerRow[], page: PageSeries, sources: Sources): ChartParts {
  const levels = [...new Set(rows.map(({ requested }) => requested))].sort((a, b) => (a ?? 2) - (b ?? 2))
  const count = depthOf(rows)
  return {
    title: `${page.names.long(rows[0])} on ${rows[0].on}`,
    x: { label: 'layer', ticks: count > 16 ? undefined : [...Array(count).keys()], format: String },
    y: { label: 'share of causal pairs removed', domain: [0, 1] },
    points: rows.flatMap((row) =>
      row.perLayer.map((share, layer) => ({
        series: levelName(row.requested),
        x: layer,
        y: share,
        tip: [
          page.names.full(row),
          `layer ${layer}: ${share.toFixed(4)}`,
          ...sources.lines({ ...row, path: `${row.path}[${layer}]` }),
        ],
      })),
    ),
    series: shadedSeries(levels.map(levelName)),
    joined: 'series',
    dots: true,
  }
}

const depthOf = (rows: readonly LayerRow[]): number =>
  Math.max(...rows.map(({ perLayer }) => perLayer.length))

function columns(rows: readonly LayerRow[], sources: Sources): Column<LayerRow>[] {
  return [
    { head: 'On', value: ({ on }) => on },
    ...subjectColumns(rows),
    ...Array.from({ length: rows.length === 0 ? 0 : depthOf(rows) }, (_, layer): Column<LayerRow> => {
      const share = ({ perLayer }: LayerRow): number | null => perLayer[layer] ?? null
      return { head: String(layer), value: share, text: (row) => decimals(2)(share(row)), numeric: true }
    }),
    sources.column(),
  ]
}
