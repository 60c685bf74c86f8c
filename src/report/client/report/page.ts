/** What every section of the page draws from: the data, and how subjects and sources are called and coloured. */
import { byText } from '../../figures/level.js'
import { SubjectNames } from '../../figures/names.js'
import type { Origin, PageData, Subject } from '../../figures/rows.js'
import { type Series, seriesOf } from '../shared/series.js'
import { type Column, number, text } from '../shared/sortable-table.js'

export class Page {
  readonly names: SubjectNames
  readonly #all: Series[]

  constructor(readonly data: PageData) {
    this.names = new SubjectNames(data)
    this.#all = seriesOf(this.names.all)
  }

  /** A colour and a shape for each of the names, in the page's order: the same in every plot. */
  series(names: readonly string[]): Series[] {
    return this.#all.filter(({ name }) => names.includes(name))
  }

  /** Where a figure is from, as two lines of what hovering shows. */
  source({ record, path }: Origin): string[] {
    return ['', this.data.records[record].file, path]
  }

  sourceColumn<Row extends Origin>(): Column<Row> {
    const value = ({ record, path }: Row): string => `${this.data.records[record].file} · ${path}`
    return { head: 'Source', value, faint: true }
  }
}

/** Columns that say what was measured; the checkpoint where there are several. */
export function subjectColumns<Row extends Subject>(rows: readonly Row[]): Column<Row>[] {
  const several = new Set(rows.map(({ checkpoint }) => checkpoint)).size > 1
  return [
    ...(several ? [text<Row>('Checkpoint', ({ checkpoint }) => checkpoint)] : []),
    text('Policy', ({ policy }) => policy),
    number('Requested', ({ requested }) => requested),
    ...(rows.some(({ by }) => by !== null)
      ? [text<Row>('Shift or size', ({ by }) => (by === null ? '' : byText(by)))]
      : []),
  ]
}

/** Of the figures `low` and `high` bound. */
export const intervalColumn = <Row>(
  of: (row: Row) => { low: number | null; high: number | null },
  digits = 4,
): Column<Row> => ({
  head: '95 % interval',
  value: (row) => of(row).low,
  text: (row) => range(of(row), digits),
  numeric: true,
})

export const range = ({ low, high }: { low: number | null; high: number | null }, digits = 4): string =>
  low === null || high === null ? '' : `${low.toFixed(digits)} to ${high.toFixed(digits)}`

/** ` (0.21 to 0.35)`, where there is an interval. */
export const inBrackets = (interval: { low: number | null; high: number | null }): string =>
  interval.low === null ? '' : ` (${range(interval)})`
