/** Where a figure is from, as hovering and tables say it. */
import type { Origin, PageData, Subject } from '../../figures/rows.js'
import type { Column } from '../shared/sortable-table.js'

export class Sources {
  readonly #files: string[]

  constructor({ records }: PageData) {
    this.#files = records.map(({ file }) => file)
  }

  /** Two lines of a tip. */
  lines({ record, path }: Origin): string[] {
    return ['', this.#files[record], path]
  }

  column<Row extends Origin>(): Column<Row> {
    return { head: 'Source', value: ({ record, path }) => `${this.#files[record]} · ${path}`, faint: true }
  }
}

/** Columns that say what was measured; the checkpoint where there are several. */
export function subjectColumns<Row extends Subject>(rows: readonly Row[]): Column<Row>[] {
  const several = new Set(rows.map(({ checkpoint }) => checkpoint)).size > 1
  const checkpoint: Column<Row> = { head: 'Checkpoint', value: (row) => row.checkpoint }
  return [
    ...(several ? [checkpoint] : []),
    { head: 'Policy', value: ({ policy }) => policy },
    { head: 'Asked for', value: ({ requested }) => requested, numeric: true },
  ]
}

/** A number to so many decimals; nothing where there is none. */
export const decimals =
  (digits: number) =>
  (value: number | null): string =>
    value === null ? '' : value.toFixed(digits)

export const range = (low: number | null, high: number | null, digits = 4): string =>
  low === null || high === null ? '' : `${low.toFixed(digits)} to ${high.toFixed(digits)}`

export const signed = (value: number | null): string =>
  value === null ? '' : `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`
