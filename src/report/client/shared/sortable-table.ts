/** A table that sorts by a click on a header, or by Enter or Space on it; what it sorts by is told to screen readers. */
import { element } from './dom.js'

/** What is compared; null, nothing there, comes last either way. */
export type Value = string | number | null

export interface Column<Row> {
  head: string
  value(row: Row): Value
  /** As shown; the value itself where it is left out. */
  text?(row: Row): string
  /** Right-aligned, and highest first at the first click. */
  numeric?: boolean
  /** Of less weight than the others. */
  faint?: boolean
}

export const text = <Row>(head: string, value: (row: Row) => string | null): Column<Row> => ({ head, value })

/** @param show how a figure is written; where there is none, `missing` is */
export const number = <Row>(
  head: string,
  value: (row: Row) => number | null,
  show: (value: number) => string = String,
  missing = '',
): Column<Row> => ({
  head,
  value,
  text: (row) => {
    const found = value(row)
    return found === null ? missing : show(found)
  },
  numeric: true,
})

type Direction = 'ascending' | 'descending'

export function sortableTable<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): HTMLElement {
  const body = element('tbody')
  const heads = columns.map(({ head, numeric = false }) => {
    const act = element('button', { type: 'button', class: 'head' }, head)
    const cell = element('th', { scope: 'col', class: numeric ? 'number' : null }, act)
    return { cell, act }
  })
  const lines = rows.map((row) => ({ row, line: lineOf(columns, row) }))
  const sortBy = (chosen: number, direction: Direction): void => {
    for (const [i, { cell }] of heads.entries()) {
      if (i === chosen) cell.setAttribute('aria-sort', direction)
      else cell.removeAttribute('aria-sort')
    }
    const { value } = columns[chosen]
    const sorted = lines.toSorted((a, b) => compare(value(a.row), value(b.row), direction))
    body.replaceChildren(...sorted.map(({ line }) => line))
  }
  for (const [i, { cell, act }] of heads.entries()) {
    const first: Direction = columns[i].numeric ? 'descending' : 'ascending'
    const second: Direction = columns[i].numeric ? 'ascending' : 'descending'
    act.addEventListener('click', () => sortBy(i, cell.getAttribute('aria-sort') === first ? second : first))
  }
  body.append(...lines.map(({ line }) => line))
  const head = element('thead', {}, element('tr', {}, ...heads.map(({ cell }) => cell)))
  const table = element('table', {}, element('caption', {}, caption), head, body)
  return element('div', { class: 'scroll' }, table)
}

function lineOf<Row>(columns: readonly Column<Row>[], row: Row): HTMLElement {
  const cells = columns.map(({ value, text, numeric = false, faint = false }) => {
    const shown = text === undefined ? String(value(row) ?? '') : text(row)
    return element('td', { class: numeric ? 'number' : faint ? 'faint small' : null }, shown)
  })
  return element('tr', {}, ...cells)
}

function compare(a: Value, b: Value, direction: Direction): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const sign = direction === 'ascending' ? 1 : -1
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
  return sign * String(a).localeCompare(String(b), 'en', { numeric: true })
}
