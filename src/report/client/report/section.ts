/** A part of the page: what it shows in a sentence, plots with a legend and a button each, and the table of the same figures. */
import type { PageData } from '../../figures/rows.js'
import { plural } from '../../format.js'
import { details } from '../shared/details.js'
import { element } from '../shared/dom.js'
import { figure, slug } from '../shared/figure.js'
import { type Column, sortableTable } from '../shared/sortable-table.js'
import { type ChartParts, chart } from './chart.js'
import { type ForestParts, forest } from './forest.js'
import { type HeatParts, heat } from './heat.js'
import type { Page } from './page.js'

export type Chart = ChartParts | ForestParts | HeatParts

export interface Section<Row> {
  title: string | ((page: Page) => string)
  intro: string
  /** Of its table. */
  rows(data: PageData): readonly Row[]
  /** What the table is of. */
  caption: string
  columns(rows: readonly Row[], page: Page): Column<Row>[]
  charts?(rows: readonly Row[], page: Page): Chart[]
}

/** A section that draws itself; null where it has nothing to show. */
export const section =
  <Row>({ title: titleOf, intro, rows: rowsOf, caption, columns, charts: chartsOf }: Section<Row>) =>
  (page: Page): HTMLElement | null => {
    const rows = rowsOf(page.data)
    const charts = chartsOf?.(rows, page) ?? []
    if (charts.length + rows.length === 0) return null
    const title = typeof titleOf === 'string' ? titleOf : titleOf(page)
    const id = slug(title)
    const more = charts.slice(MANY_CHARTS)
    return element(
      'section',
      { id, 'aria-labelledby': `${id}-title` },
      element('h2', { id: `${id}-title` }, title),
      element('p', { class: 'faint' }, intro),
      charts.length === 0 ? null : grid(charts.slice(0, MANY_CHARTS)),
      more.length === 0 ? null : details(`${more.length} more plots`, false, () => grid(more)),
      rows.length === 0 ? null : table(caption, columns(rows, page), rows),
    )
  }

/** A large sweep has a hundred plots: the first ones are drawn at once, the others when they are asked for. */
const MANY_CHARTS = 12

const grid = (charts: readonly Chart[]): HTMLElement =>
  element(
    'div',
    { class: 'charts' },
    ...charts.map((parts) => figure(parts.title, parts.series, draw(parts))),
  )

function draw(parts: Chart): SVGSVGElement {
  if ('cells' in parts) return heat(parts)
  return 'rows' in parts ? forest(parts) : chart(parts)
}

/** Open where it is short. */
const table = <Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): HTMLElement =>
  details(`Table: ${caption} (${plural(rows.length, 'row')})`, rows.length <= LONG_TABLE, () =>
    sortableTable(caption, columns, rows),
  )

const LONG_TABLE = 24
