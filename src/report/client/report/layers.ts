/** Which layers drop how much. */
import { grouped } from '../../figures/grouped.js'
import { levelName } from '../../figures/level.js'
import type { LayerRow } from '../../figures/rows.js'
import { fixed } from '../../format.js'
import { levelSeries } from '../shared/series.js'
import { number, text } from '../shared/sortable-table.js'
import type { ChartParts } from './chart.js'
import { type Page, subjectColumns } from './page.js'
import { section } from './section.js'

export const layerSection = section<LayerRow>({
  title: 'Sparsity by layer',
  intro:
    'Share of causal pairs that each layer removed. Shades are the levels, from what drops least. Policies that treat all layers alike have no plot.',
  rows: ({ layers }) => layers,
  charts: (rows, page) =>
    grouped(rows, ({ checkpoint, policy, on }) => JSON.stringify([checkpoint, policy, on]))
      .filter(differs)
      .map((some) => layerChart(some, page)),
  caption: 'sparsity by layer',
  columns: (rows, page) => [
    text('On', ({ on }) => on),
    ...subjectColumns(rows),
    ...Array.from({ length: depthOf(rows) }, (_, layer) =>
      number<LayerRow>(
        String(layer),
        ({ perLayer }) => perLayer[layer] ?? null,
        (share) => fixed(share, 2),
      ),
    ),
    page.sourceColumn(),
  ],
})

/** Some layer drops more than another. */
const differs = (rows: readonly LayerRow[]): boolean =>
  rows.some(({ perLayer }) => Math.max(...perLayer) - Math.min(...perLayer) > 1e-9)

function layerChart(rows: LayerRow[], page: Page): ChartParts {
  const count = depthOf(rows)
  return {
    title: `${page.names.long(rows[0])} on ${rows[0].on}`,
    x: { label: 'layer', ticks: count > 16 ? undefined : [...Array(count).keys()], format: String },
    y: { label: 'share of causal pairs removed', domain: [0, 1] },
    points: rows.flatMap((row) =>
      row.perLayer.map((share, layer) => ({
        series: levelName(row),
        x: layer,
        y: share,
        tip: [
          page.names.full(row),
          `layer ${layer}: ${fixed(share)}`,
          ...page.source({ ...row, path: `${row.path}[${layer}]` }),
        ],
      })),
    ),
    series: levelSeries(rows),
  }
}

const depthOf = (rows: readonly LayerRow[]): number =>
  Math.max(...rows.map(({ perLayer }) => perLayer.length))
