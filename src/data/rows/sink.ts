/** The rows of one split as they are read: as many as are wanted, of a size that memory holds; the rest is counted. */
import { Failure } from '../../errors.js'
import { checkRow } from './columns.js'
import { type ColumnType, type DataRow, placeOf, type RowSink, type RowValue } from './row.js'

/** What rows in memory may take together. */
export interface RowLimits {
  rows: number
  /** Of the files, unpacked. */
  bytes: number
}

/** Either takes one or two gigabytes once it is in memory; half a gigabyte is also the longest string there is. */
export const ROW_LIMITS: RowLimits = { rows: 5e6, bytes: 2 ** 29 }

export interface WantedRows {
  columns: Readonly<Record<string, ColumnType>>
  adapt(row: RowValue): RowValue
  /** How many, the first of the split. */
  count: number
  limits: RowLimits
}

export class TakenRows implements RowSink {
  readonly rows: DataRow[] = []
  /** Rows of the files, those that were not looked at included. */
  total = 0
  /** As long as every row has an `idx`, by which the split is ordered, the last row of a file may be the first of the split. */
  #isOrdered = true
  #bytes = 0

  constructor(readonly want: WantedRows) {}

  get isFull(): boolean {
    return this.wanted === 0
  }

  get wanted(): number {
    return this.#isOrdered ? Number.POSITIVE_INFINITY : Math.max(0, this.want.count - this.rows.length)
  }

  inFileOrder(): void {
    this.#isOrdered = false
  }

  expect(rows: number, bytes: number): void {
    const { limits } = this.want
    if (this.rows.length + rows <= limits.rows && this.#bytes + bytes <= limits.bytes) return
    const most = `${limits.rows.toLocaleString('en')} rows and ${Math.floor(limits.bytes / 2 ** 20)} MiB`
    throw new Failure(`more than can be held at once, at most ${most}`, {
      hint: this.#isOrdered
        ? 'split the file; rows with an idx are put in its order, so that all of them are read'
        : 'take fewer with --limit, or split the file',
    })
  }

  add({ value, line }: DataRow, bytes: number): void {
    const row = { value: this.want.adapt(value), line }
    checkRow(row, this.want.columns)
    this.#isOrdered &&= placeOf(row.value) !== null
    this.expect(1, bytes)
    this.#bytes += bytes
    this.total++
    this.rows.push(row)
  }

  skip(count: number): void {
    this.total += count
  }
}
