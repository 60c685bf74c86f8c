/** Plots of a figure against the share of context that was removed, or against the KV footprint: a line a policy. */
import { type Placed, X_AXES } from '../../figures/axes.js'
import { linesOverSparsity } from '../../figures/names.js'
import type { Subject } from '../../figures/rows.js'
import type { Axis, ChartParts, Point } from './chart.js'
import type { Page } from './page.js'

const SHARE: Omit<Axis, 'label'> = { domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] }

interface Lines<Row> {
  title: string
  y: Axis
  rows: readonly Row[]
  /** Null where a row has no such figure. */
  point(row: Row): Omit<Point, 'series' | 'x'> | null
  zero?: boolean
}

export function chartAgainstSparsity<Row extends Subject & Placed & { record: number; sparsity: number }>(
  { title, y, rows, point, zero }: Lines<Row>,
  page: Page,
): ChartParts {
  const { x: axis } = page.data
  const lines = linesOverSparsity(rows, page.names)
  const points = ({ name, rows }: (typeof lines)[number]): Point[] =>
    rows.flatMap((row) => {
      const [x, found]: [number | null, Omit<Point, 'series' | 'x'> | null] = [row[axis], point(row)]
      return found === null || x === null ? [] : [{ series: name, x, ...found }]
    })
  return {
    title,
    x: { label: X_AXES[axis].label, ...SHARE },
    y,
    zero,
    points: lines.flatMap(points),
    series: page.series(lines.map(({ name }) => name)),
    levels: lines.filter(({ level }) => level).flatMap(points),
  }
}
