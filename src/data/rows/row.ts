/** What rows are, and what a reader of a format gives them to. */

/**
 * `index`: a whole number >= 0, as a number or in digits (the Hub keeps labels in either form).
 * `labelled`: { text, label }, two lists of strings of one length: how the Hub keeps choices that have letters.
 */
export type ColumnType = 'string' | 'strings' | 'index' | 'labelled'

export type RowValue = Record<string, unknown>

export interface DataRow {
  value: RowValue
  /** From 1, within its file: the line in JSON lines and plain text, the position of the row otherwise. */
  line: number
}

/** Takes the rows of a file in their order. */
export interface RowSink {
  /** Further rows would not be looked at, only counted. */
  readonly isFull: boolean
  /** Rows that may still be taken. */
  readonly wanted: number
  /** The file is in the order of the split, so that the first rows are those wanted. */
  inFileOrder(): void
  /** Failure: so many further rows are more than can be held. `bytes`: of the file, unpacked. */
  expect(rows: number, bytes: number): void
  /** `bytes`: how much of the file, unpacked, the row was. Failure: a column that is not as it must be; more than can be held. */
  add(row: DataRow, bytes: number): void
  /** Rows of the file that nobody looked at. */
  skip(count: number): void
}

/** The row's place in the full split, where its `idx` tells. */
export function placeOf({ idx }: RowValue): number | null {
  return Number.isSafeInteger(idx) ? Number(idx) : null
}

/** A value on one short line, for messages. */
export function describe(value: unknown): string {
  if (value instanceof Uint8Array) return 'bytes that are not UTF-8'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
