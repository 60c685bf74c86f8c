/** Every printed table: a list of columns and rows -> a grid for terminals, Markdown, CSV, TSV or LaTeX. */
import Table from 'cli-table3'
import { csv, manyLines, markdown, oneLine } from './escape.js'
import { broken, fitted } from './grid-fit.js'
import type { GridForm } from './grid-forms.js'
import { latexTable } from './grid-latex.js'

export interface Column<Row> {
  /** In a terminal a line break stays one. */
  head: string
  align: 'left' | 'right'
  cell(row: Row): string
  /** Whether the column has something to say of these rows; absent: always. */
  shown?(rows: readonly Row[]): boolean
  /** Of a table that is too wide for the terminal: repeated in every part, or in the first part after those. */
  place?: 'key' | 'first'
  /** Colour of a cell on a terminal. */
  tint?(row: Row): Tint | null
}

export type Tint = 'good' | 'bad' | 'unsure'

export interface GridOptions {
  form?: GridForm
  /** Of a table in a terminal: a line between rows, for cells of several lines. */
  ruled?: boolean
  /** Of Markdown: cells are Markdown already, written by asp's own authors. */
  marked?: boolean
  /** Columns of the terminal; undefined where nobody looks at one. */
  width?: number
  /** Whether it shows colours. */
  colour?: boolean
}

export const left = <Row>(
  head: string,
  cell: Column<Row>['cell'],
  shown?: Column<Row>['shown'],
): Column<Row> => ({ head, align: 'left', cell, shown })

/** For numbers. */
export const right = <Row>(
  head: string,
  cell: Column<Row>['cell'],
  shown?: Column<Row>['shown'],
): Column<Row> => ({ head, align: 'right', cell, shown })

/** A column that names the row. */
export const key = <Row>(column: Column<Row>): Column<Row> => ({ ...column, place: 'key' })

/** Ends without a newline. */
export function renderGrid<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { form = 'table', ruled = false, marked = false, width, colour = false }: GridOptions = {},
): string {
  const shown = columns.filter((column) => column.shown?.(rows) ?? true)
  const cells = rows.map((row) => shown.map(({ cell }) => cell(row)))
  const aligns = shown.map(({ align }) => align)
  const heads = shown.map(({ head }) => head)
  if (form === 'table') {
    // Before lines are broken and colours added, which these would take for a stranger's.
    const safe = ruled ? manyLines : oneLine
    const texts = cells.map((row) => row.map(safe))
    const titles = heads.map(manyLines)
    const sized = shown.map(({ place }, i) => ({
      width: longest([titles[i], ...texts.map((row) => row[i])]),
      isKey: place === 'key',
      isFirst: place === 'first',
    }))
    const tint = (row: number, i: number, text: string): string =>
      colour ? painted(shown[i].tint?.(rows[row]) ?? null, text) : text
    return fitted(sized, width)
      .map(({ columns, widths }) => {
        const only = (row: readonly string[]): string[] => columns.map((i, at) => broken(row[i], widths[at]))
        const drawnRows = texts.map((row, r) => only(row).map((text, at) => tint(r, columns[at], text)))
        return drawn(
          only(titles),
          columns.map((i) => aligns[i]),
          drawnRows,
          ruled && drawnRows.some(isTall),
        )
      })
      .join('\n')
  }
  const flat = heads.map((head) => head.replaceAll('\n', ' '))
  if (form === 'csv') return [flat, ...cells].map((line) => line.map(csv).join(',')).join('\n')
  if (form === 'tsv') return [flat, ...cells].map((line) => line.map(tsvCell).join('\t')).join('\n')
  if (form === 'latex') return latexTable(flat, aligns, cells)
  const rule = aligns.map((align) => (align === 'right' ? '---:' : '---'))
  const [head, ...body] = [flat, ...cells].map((row) => row.map(marked ? bars : markdown))
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

const bars = (text: string): string => text.replaceAll('|', '\\|')
const isTall = (row: readonly string[]): boolean => row.some((text) => text.includes('\n'))

/** Of the lines of some cells. */
const longest = (texts: readonly string[]): number =>
  Math.max(0, ...texts.flatMap((text) => text.split('\n').map((line) => line.length)))

const COLOURS: Readonly<Record<Tint, number>> = { good: 32, bad: 31, unsure: 33 }

const painted = (tint: Tint | null, text: string): string =>
  tint === null || text === '' ? text : `\u001b[${COLOURS[tint]}m${text}\u001b[39m`

/** Tabs and line ends cannot be in a cell. */
const tsvCell = (text: string): string => text.replace(/\s+/g, ' ')

function drawn(
  head: string[],
  colAligns: Column<never>['align'][],
  cells: readonly string[][],
  ruled: boolean,
): string {
  const style = { head: [], border: [], compact: !ruled }
  const table = new Table({ head, colAligns, style })
  table.push(...cells)
  return table.toString()
}
