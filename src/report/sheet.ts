/** What a command prints of its record: tables, plots, then labelled lines. One description, as text, Markdown or CSV. */
import { markdown, oneLine } from './escape.js'
import { type Column, type GridForm, renderGrid } from './grid.js'
import { plotText, type TextPlot } from './plot-text.js'

/** A label and what stands beside it. */
export type Note = readonly [label: string, text: string]

/** A table that knows its columns and rows. */
export interface Grid {
  title: string
  render(form: GridForm): string
}

export interface Sheet {
  grids: readonly Grid[]
  plots?: readonly TextPlot[]
  notes: readonly Note[]
}

export interface SheetOptions {
  form?: GridForm
  /** Columns of the terminal, for plots; 80 where it is not known. */
  width?: number
  /** In a terminal: an empty line between tables. */
  spaced?: boolean
  /** Markdown: titles of tables are bold. */
  bold?: boolean
}

export const grid = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], title = ''): Grid => ({
  title,
  render: (form) => renderGrid(columns, rows, { form }),
})

/** No colours, ends without a newline. CSV has the tables alone, Markdown all but the plots. */
export function renderSheet(
  { grids, plots = [], notes }: Sheet,
  { form = 'table', width, spaced = false, bold = false }: SheetOptions = {},
): string {
  if (form === 'csv') return grids.map((one) => one.render(form)).join('\n\n')
  if (form === 'md') {
    const tables = grids.map(({ title, render }) => {
      const name = markdown(title)
      const heading = title === '' ? '' : `${bold ? `**${name}**` : name}\n\n`
      return `${heading}${render(form)}`
    })
    return [...tables, notes.map(([label, text]) => `- ${label}: ${markdown(text)}`).join('\n')].join('\n\n')
  }
  const tables = grids.map(
    ({ title, render }) => `${title === '' ? '' : `${oneLine(title)}\n`}${render(form)}`,
  )
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
