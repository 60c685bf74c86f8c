/** A block of a matrix (.., width): `rows` from `row` on, `columns` from `column` on. */
export interface Columns {
  row: number
  rows: number
  width: number
  column: number
  columns: number
}

/** The block by itself, (rows, columns). */
export function columnsOf(
  matrix: Float64Array,
  { row, rows, width, column, columns }: Columns,
): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, i) => matrix[(row + Math.floor(i / columns)) * width + column + (i % columns)],
  )
}

export function placeColumns(
  matrix: Float64Array,
  { row, rows, width, column, columns }: Columns,
  block: Float64Array,
): void {
  for (let i = 0; i < rows; i++) {
    matrix.set(block.subarray(i * columns, (i + 1) * columns), (row + i) * width + column)
  }
}
