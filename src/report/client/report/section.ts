/** A part of the page: what it shows in a sentence, plots with a legend and a button each, and the table of the same figures. */
import { button, element } from '../shared/dom.js'
import { saveSvg } from '../shared/save-svg.js'
import { type Column, sortableTable } from '../shared/sortable-table.js'
import { type ChartParts, chart } from './chart.js'
import { type ForestParts, forest } from './forest.js'
import { legend } from './legend.js'
import type { Series } from './series.js'

export interface Section {
  title: string
  intro: string
  charts: (ChartParts | ForestParts)[]
  table: HTMLElement | null
}

/** Null for a section that has nothing to show. */
export function renderSection({ title, intro, charts, table }: Section): HTMLElement | null {
  if (charts.length === 0 && table === null) return null
  const id = slug(title)
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    element('p', { class: 'faint' }, intro),
    charts.length === 0 ? null : element('div', { class: 'charts' }, ...charts.map(figure)),
    table,
  )
}

function figure(parts: ChartParts | ForestParts): HTMLElement {
  const { title, series } = parts
  const drawn = 'rows' in parts ? forest(parts) : chart(parts)
  const names = legend(series)
  const save = button('SVG', `Save ${title} as SVG`, () =>
    saveSvg({ title, parts: [names, drawn] }, slug(title)),
  )
  const caption = element('figcaption', {}, element('span', {}, title), save)
  return element('figure', {}, caption, names, drawn)
}

/** Open where it is short; a long one waits for a click, and print shows all. */
export function tableOf<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): HTMLElement | null {
  if (rows.length === 0) return null
  const table = sortableTable(caption, columns, rows)
  const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`
  return element(
    'details',
    { open: rows.length <= LONG_TABLE },
    element('summary', {}, `Table: ${caption} (${count})`),
    table,
  )
}

const LONG_TABLE = 24

/** Series of these points alone. */
export const usedSeries = (series: readonly Series[], names: readonly string[]): Series[] =>
  series.filter(({ name }) => names.includes(name))

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
