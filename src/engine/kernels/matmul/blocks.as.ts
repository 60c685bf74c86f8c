/** How a product is cut into tasks, and a task's factors into what fits the caches. */
import { PANEL, threadsAtWork } from './tile.as'

/** k of a stretch: a panel of it (16 KiB) stays in the first-level cache while the rows pass by. */
export const DEPTH: u32 = 256

/** Rows and columns of the largest task: its rows' stretch of left (192 KiB) stays in the second-level cache. */
export const MOST_ROWS: u32 = 192
export const MOST_COLUMNS: u32 = 128

/** Tasks a thread that keep all busy to the end. */
const SHARE: u32 = 6

/** Multiply-adds below which a task is not worth taking: a few microseconds. */
const LEAST: u32 = 1 << 17

/** Cuts of one matrix, or of each of several. */
export let blockRows: u32 = 0
export let blockColumns: u32 = 0
export let rowBlocks: u32 = 0
export let columnBlocks: u32 = 0

/**
 * Cuts (M, N) with sums of K into blocks: as large as the caches take, smaller where there would be too few. Rows are cut at
 * multiples of `unit`, columns at whole panels.
 */
export function cut(M: u32, N: u32, K: u32, count: u32, unit: u32): void {
  const panels: u32 = (N + PANEL - 1) / PANEL
  let rows = even(M, MOST_ROWS, unit)
  let columns = PANEL * even(panels, MOST_COLUMNS / PANEL, 1)
  const enough = SHARE * threadsAtWork()
  while (count * pieces(M, rows) * pieces(N, columns) < enough && <u64>rows * columns * K > 2 * LEAST) {
    // Packing and reading cost least where blocks are square.
    if (rows > columns && rows > unit) rows = even(M, rows / 2, unit)
    else if (columns > PANEL) columns = PANEL * even(panels, columns / PANEL / 2, 1)
    else if (rows > unit) rows = even(M, rows / 2, unit)
    else break
  }
  blockRows = rows
  blockColumns = columns
  rowBlocks = pieces(M, rows)
  columnBlocks = pieces(N, columns)
}

@inline
function pieces(whole: u32, piece: u32): u32 {
  return (whole + piece - 1) / piece
}

/** The size of equal pieces, multiples of `unit`, of at most `most` or one unit. */
function even(whole: u32, most: u32, unit: u32): u32 {
  const units = pieces(whole, unit)
  const largest = max<u32>(1, most / unit)
  return unit * pieces(units, pieces(units, largest))
}
