/** The one kind of plot of the page: points of several series with intervals, joined or not, with the exact values on hover. */
import * as Plot from '@observablehq/plot'
import type { TradeRow } from '../../figures/rows.js'
import { drawing, LABEL } from '../shared/plot.js'
import type { Series } from '../shared/series.js'

export interface Point {
  series: string
  x: number
  y: number
  low?: number | null
  high?: number | null
  /** What hovering shows: figures, then where they are from. */
  tip: readonly string[]
  /** Beaten by others: hollow, or pale where that is within noise. */
  state?: TradeRow['state']
  /** Written beside it. */
  label?: string
}

export interface Axis {
  label: string
  type?: 'linear' | 'log'
  format?: (value: number) => string
  domain?: [number, number]
  /** Begins at 0. */
  fromZero?: boolean
  /** Where lines of the grid are, if not anywhere. */
  ticks?: number[]
}

export interface ChartParts {
  title: string
  x: Axis
  y: Axis
  points: readonly Point[]
  series: readonly Series[]
  /** Points that are joined in the order given: those of a series (as usual), or those that none beats. */
  joined?: 'series' | 'frontier'
  /** A dot each; off where there are hundreds. */
  dots?: boolean
  /** Series that are one figure, whatever x. */
  levels?: readonly Point[]
  /** A zero line. */
  zero?: boolean
}

const HEIGHT = 300

export function chart(parts: ChartParts): SVGSVGElement {
  const { x, points, series, joined = 'series', dots = true, levels = [], zero = false } = parts
  const y = fitted(parts.y, [...points, ...levels])
  return drawing(parts.title, series, {
    height: HEIGHT,
    marginLeft: 62,
    x: { ...scale(x), inset: 8, grid: true },
    y: { ...scale(y), inset: 6, grid: true },
    marks: [
      zero ? Plot.ruleY([0], { stroke: 'var(--faint)' }) : null,
      Plot.ruleY(levels, { y: 'y', stroke: 'series', strokeWidth: 1.5, strokeDasharray: '5 4' }),
      Plot.ruleX(points.filter(hasInterval), {
        x: 'x',
        y1: 'low',
        y2: 'high',
        stroke: 'series',
        strokeWidth: 1.5,
        // Many intervals are a background.
        strokeOpacity: series.length > 5 ? 0.3 : 0.55,
      }),
      joined === 'series'
        ? Plot.line(points, { x: 'x', y: 'y', z: 'series', stroke: 'series', strokeWidth: 1.75 })
        : Plot.line(points.filter(isBest), {
            x: 'x',
            y: 'y',
            stroke: 'var(--faint)',
            strokeDasharray: '2 4',
          }),
      dots
        ? Plot.dot(points, {
            x: 'x',
            y: 'y',
            stroke: 'series',
            fill: (point: Point) => (point.state === 'dominated' ? 'var(--paper)' : colourOf(series, point)),
            fillOpacity: (point: Point) => (point.state === 'within noise' ? 0.35 : 1),
            symbol: 'series',
            r: 4,
            strokeWidth: 1.75,
          })
        : null,
      Plot.text(points.filter(hasLabel), {
        x: 'x',
        y: 'y',
        text: 'label',
        dx: 8,
        dy: -8,
        textAnchor: 'start',
        fill: 'var(--faint)',
      }),
      Plot.tip([...points, ...levels], pointer(!dots, { x: 'x', y: 'y', title: tipText, lineWidth: 60 })),
    ],
  })
}

/** An axis for what is there: short numbers where they are large, and some height where all figures are one. */
function fitted(y: Axis, points: readonly Point[]): Axis {
  const values = points.flatMap(({ y: value, low, high }) => [value, low ?? value, high ?? value])
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const large = high >= LARGE ? { format: SHORT.format } : {}
  const flat: Partial<Axis> =
    low === high ? { domain: low === 0 ? [0, 1] : [low - Math.abs(low) / 10, low + Math.abs(low) / 10] } : {}
  return { ...flat, ...large, ...y }
}

const LARGE = 1e4
const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact' })

const pointer = (alongX: boolean, options: Plot.TipOptions): Plot.TipOptions =>
  alongX ? Plot.pointerX(options) : Plot.pointer(options)

const tipText = ({ tip }: Point): string => tip.join('\n')

const hasInterval = ({ low, high }: Point): boolean => typeof low === 'number' && typeof high === 'number'

const hasLabel = ({ label }: Point): boolean => label !== undefined

const isBest = ({ state }: Point): boolean => state === 'frontier'

const colourOf = (series: readonly Series[], point: Point): string =>
  series.find(({ name }) => name === point.series)?.colour ?? 'var(--ink)'

function scale({ label, type = 'linear', format, domain, fromZero = false, ticks }: Axis): Plot.ScaleOptions {
  return { label, type, domain, zero: fromZero, ticks, tickFormat: format, ...LABEL } as Plot.ScaleOptions
}
