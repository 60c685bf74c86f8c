/** Every printed table: a list of columns and rows -> a grid for terminals, Markdown or CSV. */
import Table from 'cli-table3'
import { csv, manyLines, markdown, oneLine } from './escape.js'

export interface Column<Row> {
  /** In a terminal a line break stays one. */
  head: string
  align: 'left' | 'right'
  cell(row: Row): string
  /** Whether the column has something to say of these rows; absent: always. */
  shown?(rows: readonly Row[]): boolean
}

/** As --output-format has them. */
export type GridForm = 'table' | 'md' | 'csv'

export interface GridOptions {
  form?: GridForm
  /** Of a table in a terminal: a line between rows, for cells of several lines. */
  ruled?: boolean
  /** Of Markdown: cells are Markdown already, written by asp's own authors. */
  marked?: boolean
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

/** No colours, ends without a newline. */
export function renderGrid<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { form = 'table', ruled = false, marked = false }: GridOptions = {},
): string {
  const shown = columns.filter((column) => column.shown?.(rows) ?? true)
  const cells = rows.map((row) => shown.map(({ cell }) => cell(row)))
  const aligns = shown.map(({ align }) => align)
  const heads = shown.map(({ head }) => head)
  if (form === 'table') return drawn(heads, aligns, cells, ruled)
  const flat = heads.map((head) => head.replaceAll('\n', ' '))
  if (form === 'csv') return [flat, ...cells].map((line) => line.map(csv).join(',')).join('\n')
  const rule = aligns.map((align) => (align === 'right' ? '---:' : '---'))
  const [head, ...body] = [flat, ...cells].map((row) => row.map(marked ? bars : markdown))
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

const bars = (text: string): string => text.replaceAll('|', '\\|')

function drawn(
  head: string[],
  colAligns: Column<never>['align'][],
  cells: readonly string[][],
  ruled: boolean,
): string {
  const style = { head: [], border: [], compact: !ruled }
  const table = new Table({ head: head.map(manyLines), colAligns, style })
  table.push(...cells.map((row) => row.map(ruled ? manyLines : oneLine)))
  return table.toString()
}
