/** Changes one under the other, each with its interval, and the limit up to which a loss is taken for none. */
import * as Plot from '@observablehq/plot'
import { drawing, LABEL } from '../shared/plot.js'
import type { Series } from '../shared/series.js'

export interface ForestRow {
  name: string
  series: string
  change: number
  low: number | null
  high: number | null
  limit: number
  tip: readonly string[]
}

export interface ForestParts {
  title: string
  x: string
  rows: readonly ForestRow[]
  series: readonly Series[]
}

const ROW = 30
const LETTER = 6.6
const WIDEST_NAME = 190

export function forest({ title, x, rows, series }: ForestParts): SVGSVGElement {
  const names = rows.map(({ name }) => name)
  const marginLeft = Math.min(WIDEST_NAME, 16 + LETTER * Math.max(...names.map(({ length }) => length)))
  return drawing(title, series, {
    height: 56 + ROW * rows.length,
    marginLeft,
    x: { label: x, ...LABEL, grid: true, inset: 10, nice: true },
    y: { domain: names, label: null, tickSize: 0 },
    marks: [
      Plot.ruleX([0], { stroke: 'var(--faint)' }),
      Plot.tickX(rows, { x: 'limit', y: 'name', stroke: 'var(--faint)', strokeDasharray: '2 2' }),
      Plot.ruleY(
        rows.filter(({ low, high }) => low !== null && high !== null),
        { y: 'name', x1: 'low', x2: 'high', stroke: 'series', strokeWidth: 2 },
      ),
      Plot.dot(rows, { x: 'change', y: 'name', fill: 'series', stroke: 'series', symbol: 'series', r: 4.5 }),
      Plot.tip(
        rows,
        Plot.pointerY({
          x: 'change',
          y: 'name',
          title: ({ tip }: ForestRow) => tip.join('\n'),
          lineWidth: 60,
        }),
      ),
    ],
  })
}
