/** What a command prints of its record: tables, plots, then labelled lines. One description, as text, Markdown or CSV. */
import { markdown, oneLine } from './escape.js'
import { type Column, type GridOptions, renderGrid } from './grid.js'
import type { GridForm } from './grid-forms.js'
import { plotText, type TextPlot } from './plot-text.js'

/** A label and what stands beside it. */
export type Note = readonly [label: string, text: string]

/** A table that knows its columns and rows. */
export interface Grid {
  title: string
  render(options: GridOptions): string
}

export interface Sheet {
  grids: readonly Grid[]
  plots?: readonly TextPlot[]
  notes: readonly Note[]
}

export interface SheetOptions {
  form?: GridForm
  /** Columns of the terminal; plots take 80 where it is not known, tables what they need. */
  width?: number
  /** Whether it shows colours. */
  colour?: boolean
  /** In a terminal: an empty line between tables. */
  spaced?: boolean
  /** Markdown: titles of tables are bold. */
  bold?: boolean
}

export const grid = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], title = ''): Grid => ({
  title,
  render: (options) => renderGrid(columns, rows, options),
})

/** Ends without a newline. CSV and TSV have the tables alone, Markdown and LaTeX all but the plots. */
export function renderSheet(
  { grids, plots = [], notes }: Sheet,
  { form = 'table', width, colour, spaced = false, bold = false }: SheetOptions = {},
): string {
  const render = (one: Grid): string => one.render({ form, width, colour })
  if (form === 'csv' || form === 'tsv') return grids.map(render).join('\n\n')
  if (form === 'latex') {
    const comments = (text: string): string => text.replace(/^/gm, '% ')
    const tables = grids.map((one) => `${one.title === '' ? '' : `${comments(one.title)}\n`}${render(one)}`)
    return [...tables, comments(renderNotes(notes))].join('\n\n')
  }
  if (form === 'md') {
    const tables = grids.map((one) => {
      const name = markdown(one.title)
      const heading = one.title === '' ? '' : `${bold ? `**${name}**` : name}\n\n`
      return `${heading}${render(one)}`
    })
    return [...tables, notes.map(([label, text]) => `- ${label}: ${markdown(text)}`).join('\n')].join('\n\n')
  }
  const tables = grids.map((one) => `${one.title === '' ? '' : `${oneLine(one.title)}\n`}${render(one)}`)
  const pictures = plots.length === 0 ? [] : [renderPlots(plots, width), '']
  return [...tables, ...pictures, renderNotes(notes)].join(spaced ? '\n\n' : '\n')
}

/** One under the other, a line between them. */
export const renderPlots = (plots: readonly TextPlot[], width?: number): string =>
  plots.map((plot) => plotText(plot, width)).join('\n\n')

/** One line each, the labels in a column of their own. */
export function renderNotes(notes: readonly Note[]): string {
  const width = Math.max(...notes.map(([label]) => label.length))
  return notes.map(([label, text]) => `${label.padEnd(width)}  ${oneLine(text)}`).join('\n')
}
