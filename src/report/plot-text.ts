/** Lines as text: braille dots between the points, a shape at each, axes with round numbers. No colours, so it is plain anywhere. */

import { oneLine } from './escape.js'

export interface TextSeries {
  name: string
  /** By x. */
  points: readonly { x: number; y: number }[]
}

export interface TextPlot {
  title: string
  /** What the axes are. */
  x: string
  y: string
  series: readonly TextSeries[]
  /** The y axis begins at 0. */
  fromZero?: boolean
}

const ROWS = 12
const WIDEST = 76
const NARROWEST = 24
/** A shape for this many points of a series at most; of more, evenly spread ones. */
const SHAPES_A_LINE = 8

const SHAPES = ['●', '■', '▲', '◆', '○', '□', '△', '◇', '+', 'x']

/**
 * Empty where there is nothing to draw; else lines without one at the end.
 * @param width columns of the terminal
 */
export function plotText(plot: TextPlot, width = 80): string {
  const all = plot.series.flatMap(({ points }) => points)
  if (all.length === 0) return ''
  const y = axis(
    all.map((point) => point.y),
    5,
    plot.fromZero,
  )
  const gutter = Math.max(...y.ticks.map((tick) => y.text(tick).length)) + 1
  const columns = Math.max(NARROWEST, Math.min(WIDEST, width - gutter - 3))
  const x = axis(
    all.map((point) => point.x),
    Math.max(2, Math.floor(columns / 12)),
  )
  const canvas = new Canvas(columns, ROWS)
  const dotOf = (point: { x: number; y: number }): [number, number] => [
    Math.round(x.share(point.x) * (2 * columns - 1)),
    Math.round((1 - y.share(point.y)) * (4 * ROWS - 1)),
  ]
  for (const { points } of plot.series) {
    for (let i = 1; i < points.length; i++) canvas.line(dotOf(points[i - 1]), dotOf(points[i]))
  }
  for (const [i, { points }] of plot.series.entries()) {
    for (const point of shaped(points)) canvas.put(dotOf(point), SHAPES[i % SHAPES.length])
  }
  const rowOf = (tick: number): number => Math.floor(Math.round((1 - y.share(tick)) * (4 * ROWS - 1)) / 4)
  const labels = new Map(y.ticks.map((tick) => [rowOf(tick), y.text(tick)]))
  const body = canvas.rows().map((row, r) => {
    const label = labels.get(r)
    return `${(label ?? '').padStart(gutter)} ${label === undefined ? ' ' : '┤'}${row}`.trimEnd()
  })
  const names = plot.series.map(({ name }, i) => `${SHAPES[i % SHAPES.length]} ${oneLine(name)}`)
  const margin = ' '.repeat(gutter + 1)
  return [
    oneLine(`${plot.title}: ${plot.y} by ${plot.x}`),
    ...body,
    ...bottomLines(x, columns).map((line) => `${margin}${line}`.trimEnd()),
    ...filled(names, columns).map((line) => `${margin} ${line}`),
  ].join('\n')
}

interface Axis {
  ticks: number[]
  text(tick: number): string
  /** 0 at the beginning of the axis, 1 at its end. */
  share(value: number): number
}

/** Steps of 1, 2 or 5 times a power of ten, about `count` of them; the axis ends at the data. */
function axis(values: readonly number[], count: number, fromZero = false): Axis {
  const low = Math.min(...values, ...(fromZero ? [0] : []))
  const high = Math.max(...values)
  const span = high - low || Math.abs(high) || 1
  const begin = high === low && !fromZero ? low - span / 2 : low
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 5].find((factor) => factor * power >= raw * 0.999) ?? 10) * power
  const first = Math.ceil(begin / step - 1e-9)
  const last = Math.floor((begin + span) / step + 1e-9)
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  return {
    ticks: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step),
    text: (tick) => (decimals === 0 ? Math.round(tick).toLocaleString('en-US') : tick.toFixed(decimals)),
    share: (value) => (value - begin) / span,
  }
}

/** The line with its ticks, and the numbers under it. */
function bottomLines(x: Axis, columns: number): string[] {
  const line = Array.from({ length: columns }, () => '─')
  const numbers = Array.from({ length: columns + 12 }, () => ' ')
  let free = 0
  for (const tick of x.ticks) {
    const column = Math.floor(Math.round(x.share(tick) * (2 * columns - 1)) / 2)
    line[column] = '┬'
    const text = x.text(tick)
    const from = Math.max(0, column - Math.floor(text.length / 2))
    // Numbers that would touch are left out; their ticks stay.
    if (from < free) continue
    for (const [i, character] of [...text].entries()) numbers[from + i] = character
    free = from + text.length + 1
  }
  return [`└${line.join('')}`, ` ${numbers.join('')}`]
}

/** Names in as few lines as the width allows. */
function filled(names: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const name of names) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 3 + name.length > width) lines.push(name)
    else lines[lines.length - 1] = `${last}   ${name}`
  }
  return lines
}

function shaped<T>(points: readonly T[]): T[] {
  if (points.length <= 2 * SHAPES_A_LINE) return [...points]
  const at = (i: number): number => Math.round((i * (points.length - 1)) / (SHAPES_A_LINE - 1))
  return Array.from({ length: SHAPES_A_LINE }, (_, i) => points[at(i)])
}

/** Bits of a braille sign by column and row of its two by four dots. */
const BRAILLE = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
]

/** Dots two by four a character, and characters over them. */
class Canvas {
  readonly #dots: Uint8Array
  readonly #characters: (string | null)[]

  constructor(
    readonly columns: number,
    readonly height: number,
  ) {
    this.#dots = new Uint8Array(columns * height)
    this.#characters = Array.from({ length: columns * height }, () => null)
  }

  line([x0, y0]: [number, number], [x1, y1]: [number, number]): void {
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1)
    for (let i = 0; i <= steps; i++) {
      const x = Math.round(x0 + ((x1 - x0) * i) / steps)
      const y = Math.round(y0 + ((y1 - y0) * i) / steps)
      this.#dots[(y >> 2) * this.columns + (x >> 1)] |= BRAILLE[x & 1][y & 3]
    }
  }

  put([x, y]: [number, number], character: string): void {
    this.#characters[(y >> 2) * this.columns + (x >> 1)] = character
  }

  rows(): string[] {
    const cell = (i: number): string => {
      const dots = this.#dots[i]
      return this.#characters[i] ?? (dots === 0 ? ' ' : String.fromCharCode(0x2800 + dots))
    }
    return Array.from({ length: this.height }, (_, r) =>
      Array.from({ length: this.columns }, (_, c) => cell(r * this.columns + c)).join(''),
    )
  }
}
