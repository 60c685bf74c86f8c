/** A figure at each place of a grid, for several series one under the other: shaded, and written out in full. */
import * as Plot from '@observablehq/plot'
import { drawing, LABEL } from '../shared/plot.js'
import type { Series } from '../shared/series.js'

export interface HeatCell {
  /** Which grid. */
  of: string
  column: string
  row: string
  text: string
  /** One of the series, which colours it, and how much of the colour: 0 to 1. */
  series: string
  share: number
  tip: readonly string[]
}

export interface HeatParts {
  title: string
  x: string
  y: string
  /** In their order. */
  cells: readonly HeatCell[]
  /** What colours mean. */
  series: readonly Series[]
}

const [ROW, GAP] = [22, 26]

export function heat({ title, x, y, cells, series }: HeatParts): SVGSVGElement {
  const distinct = (of: (cell: HeatCell) => string): string[] => [...new Set(cells.map(of))]
  const [grids, columns, rows] = [distinct((cell) => cell.of), distinct(columnOf), distinct(rowOf)]
  const band = ROW * rows.length
  const height = 52 + grids.length * (band + GAP)
  return drawing(title, series, {
    height,
    marginTop: GAP,
    marginLeft: 56,
    x: { domain: columns, label: x, ...LABEL, tickSize: 0 },
    y: { domain: rows, label: y, labelAnchor: 'top', labelArrow: 'none', tickSize: 0 },
    fy: { domain: grids, axis: null, padding: GAP / (band + GAP) },
    marks: [
      Plot.cell(cells, {
        fy: 'of',
        x: 'column',
        y: 'row',
        fill: 'series',
        fillOpacity: ({ share }: HeatCell) => OPAQUEST * share,
        inset: 0.5,
      }),
      Plot.text(cells, { fy: 'of', x: 'column', y: 'row', text: 'text', fill: 'var(--ink)' }),
      Plot.text(grids, {
        fy: (name: string) => name,
        text: (name: string) => name,
        frameAnchor: 'top-left',
        dy: -14,
        fill: 'var(--ink)',
        fontWeight: 600,
      }),
      Plot.tip(
        cells,
        Plot.pointer({
          fy: 'of',
          x: 'column',
          y: 'row',
          title: ({ tip }: HeatCell) => tip.join('\n'),
          lineWidth: 60,
        }),
      ),
    ],
  })
}

/** Text stays readable on it. */
const OPAQUEST = 0.65

const columnOf = ({ column }: HeatCell): string => column
const rowOf = ({ row }: HeatCell): string => row
