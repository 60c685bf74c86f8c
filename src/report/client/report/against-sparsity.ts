/** Plots of a figure against the share of context that was removed: a line a policy. */
import { linesOverSparsity } from '../../figures/names.js'
import type { Subject } from '../../figures/rows.js'
import type { Axis, ChartParts, Point } from './chart.js'
import type { Page } from './page.js'

const SPARSITY: Axis = {
  label: 'share of causal pairs removed',
  domain: [0, 1],
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
}

interface Lines<Row> {
  title: string
  y: Axis
  rows: readonly Row[]
  /** Null where a row has no such figure. */
  point(row: Row): Omit<Point, 'series' | 'x'> | null
  zero?: boolean
}

export function chartAgainstSparsity<Row extends Subject & { record: number; sparsity: number }>(
  { title, y, rows, point, zero }: Lines<Row>,
  page: Page,
): ChartParts {
  const lines = linesOverSparsity(rows, page.names)
  const points = ({ name, rows }: (typeof lines)[number]): Point[] =>
    rows.flatMap((row) => {
      const found = point(row)
      return found === null ? [] : [{ series: name, x: row.sparsity, ...found }]
    })
  return {
    title,
    x: SPARSITY,
    y,
    zero,
    points: lines.flatMap(points),
    series: page.series(lines.map(({ name }) => name)),
    levels: lines.filter(({ level }) => level).flatMap(points),
  }
}
