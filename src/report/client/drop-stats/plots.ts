/** Two plots: shares of classes with their intervals, a line a class; and survival by age, a curve a class. */
import * as Plot from '@observablehq/plot'
import { plural } from '../../format.js'
import { drawing, LABEL } from '../shared/plot.js'
import { seriesOf } from '../shared/series.js'
import type { AgeRow, ClassRow } from './rows.js'

export interface ClassPlot {
  title: string
  runs: readonly string[]
  rows: readonly ClassRow[]
}

export function alivePlot({ title, runs, rows }: ClassPlot): SVGSVGElement {
  const known = rows.filter(({ alive }) => alive.share !== null)
  return classPlot(title, runs, rows, {
    x: { label: 'share alive', domain: [0, 1], grid: true, ...LABEL },
    marks: [
      Plot.link(known, {
        x1: ({ alive }: ClassRow) => alive.low ?? alive.share,
        x2: ({ alive }: ClassRow) => alive.high ?? alive.share,
        y: 'name',
        stroke: 'run',
        strokeWidth: 2,
        strokeOpacity: 0.5,
      }),
      dots(
        known,
        ({ alive }) => alive.share,
        ({ alive, aged }) => `${shareText(alive.share)} alive of ${plural(aged, 'token')}`,
      ),
    ],
  })
}

/** Each way from 1, a kill less or more often than by any token. */
export function killPlot({ title, runs, rows }: ClassPlot): SVGSVGElement {
  const known = rows.filter(({ kills }) => (kills?.over_base ?? 0) > 0)
  return classPlot(title, runs, rows, {
    x: {
      label: 'share of kills over share of tokens',
      type: 'log',
      grid: true,
      ...LABEL,
      tickFormat: (value: number) => `×${value}`,
    },
    marks: [
      Plot.ruleX([1], { stroke: 'var(--faint)' }),
      dots(
        known,
        ({ kills }) => kills?.over_base ?? null,
        ({ kills }) => `×${kills?.over_base?.toFixed(2)}: ${kills?.count} of ${kills?.of} kills`,
      ),
    ],
  })
}

function dots(
  rows: readonly ClassRow[],
  x: (row: ClassRow) => number | null,
  text: (row: ClassRow) => string,
): Plot.Markish[] {
  const title = (row: ClassRow): string => `${row.name}, ${row.run}\n${text(row)}\n${row.tokens} tokens`
  return [
    Plot.dot(rows, { x, y: 'name', fill: 'run', symbol: 'run', r: 4 }),
    Plot.tip(rows, Plot.pointer({ x, y: 'name', title, lineWidth: 40 })),
  ]
}

function classPlot(
  title: string,
  runs: readonly string[],
  rows: readonly ClassRow[],
  { x, marks }: { x: Plot.ScaleOptions; marks: Plot.Markish[] },
): SVGSVGElement {
  const names = [...new Set(rows.map(({ name }) => name))]
  return drawing(title, seriesOf(runs), {
    height: 60 + 22 * names.length,
    marginLeft: 100,
    x,
    y: { domain: names, label: null, type: 'point' },
    marks,
  })
}

/** @param rows of one checkpoint */
export function curvePlot(title: string, names: readonly string[], rows: readonly AgeRow[]): SVGSVGElement {
  const known = rows.filter(({ alive, name }) => alive.share !== null && names.includes(name))
  const share = ({ alive }: AgeRow): number | null => alive.share
  const tip = (row: AgeRow): string =>
    `${row.name}, ${row.age} tokens later\n${shareText(row.alive.share)} alive of ${plural(row.aged, 'token')}`
  return drawing(title, seriesOf(names), {
    height: 300,
    marginLeft: 50,
    x: {
      type: 'log',
      base: 2,
      label: 'tokens later',
      grid: true,
      tickFormat: 'd',
      ...LABEL,
    },
    y: { domain: [0, 1], label: 'share alive', grid: true, ...LABEL },
    marks: [
      Plot.areaY(known, {
        x: 'age',
        y1: ({ alive }: AgeRow) => alive.low ?? alive.share,
        y2: ({ alive }: AgeRow) => alive.high ?? alive.share,
        fill: 'name',
        fillOpacity: 0.15,
      }),
      Plot.line(known, { x: 'age', y: share, stroke: 'name', strokeWidth: 1.75 }),
      Plot.tip(known, Plot.pointer({ x: 'age', y: share, title: tip, lineWidth: 40 })),
    ],
  })
}

export const shareText = (share: number | null): string =>
  share === null ? '-' : `${(100 * share).toFixed(1)} %`
