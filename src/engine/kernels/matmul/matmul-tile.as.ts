/**
 * Twin of matmul-tile.wgsl with all its fragments: out (M, N) = f(a (M, K) @ weights (K, N) + bias (N)).
 * A task is a block of rows and columns. Stretches of k pass through it one after the other; within each, panels of 16
 * columns, and past each panel all rows of the block. Halves are unpacked a stretch of a panel at a time.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { blockColumns, blockRows, columnBlocks, cut, DEPTH, MOST_COLUMNS, MOST_ROWS, rowBlocks } from './blocks.as'
import { addPanels, FEW, LONGEST, rowsAtOnce } from './few-rows.as'
import { joinColumns, unpack } from './halves.as'
import { finishRow, MatmulConstants } from './matmul-output.as'
import { addRows, PANEL, TALLEST } from './tile.as'

@unmanaged
class Shape {
  rows: u32
}

// Scratch: sums of a block, then a stretch of a panel in floats, or what few rows need.
const SUMS_BYTES: u32 = 4 * MOST_ROWS * MOST_COLUMNS

export function matmulTile(d: Dispatch): void {
  const k = constants<MatmulConstants>(d)
  const M = struct<Shape>(d, 4).rows
  cut(M, k.N, k.K, 1, TALLEST)
  const tasks = rowBlocks * columnBlocks
  for (let task = take(d); task < tasks; task = take(d)) {
    // Threads at work at the same time share columns, so that weights come from memory once.
    const row = (task % rowBlocks) * blockRows
    const column = (task / rowBlocks) * blockColumns
    block(d, row, min(blockRows, M - row), column, min(blockColumns, k.N - column))
  }
}

function block(d: Dispatch, row: u32, rows: u32, column: u32, columns: u32): void {
  const k = constants<MatmulConstants>(d)
  const panels: u32 = (columns + PANEL - 1) / PANEL
  const sumsStep: usize = 4 * PANEL * panels
  memory.fill(scratch(), 0, rows * sumsStep)
  if (rows <= FEW && k.K <= LONGEST) {
    const halves = k.dtype !== 0
    const weights = at(d, 1) + <usize>(column * k.K) * (halves ? 2 : 4)
    const left = at(d, 0) + 4 * <usize>row * k.K
    const group = rowsAtOnce(rows, halves)
    for (let r: u32 = 0; r < rows; r += group) {
      const some = min(group, rows - r)
      const sums = scratch() + r * sumsStep
      addPanels(some, left + 4 * <usize>r * k.K, k.K, weights, halves, panels, sums, sumsStep, scratch() + SUMS_BYTES)
    }
  } else {
    for (let first: u32 = 0; first < k.K; first += DEPTH) {
      const depth = min(DEPTH, k.K - first)
      for (let p: u32 = 0; p < panels; p++) {
        addStretch(d, row, rows, column + PANEL * p, first, depth, scratch() + 4 * PANEL * p, sumsStep)
      }
    }
  }
  const outStep: usize = 16 * ((k.N + 3) / 4)
  const bytes: usize = 16 * ((columns + 3) / 4)
  const bias = at(d, 2) + 4 * column
  const out = at(d, 3) + row * outStep + 4 * column
  for (let r: u32 = 0; r < rows; r++) {
    const sums = scratch() + r * sumsStep
    if (k.dtype) joinColumns(sums, panels)
    finishRow(k, bytes, sums, bias, out + r * outStep)
  }
}

/** Adds what `depth` k from `first` contribute to the panel that begins with `column`. */
function addStretch(
  d: Dispatch,
  row: u32,
  rows: u32,
  column: u32,
  first: u32,
  depth: u32,
  sums: usize,
  sumsStep: usize,
): void {
  const k = constants<MatmulConstants>(d)
  const K = k.K
  const rowStep: usize = 4 * K
  const a = at(d, 0) + row * rowStep + 4 * first
  const element = column * K + PANEL * first
  const floats = scratch() + SUMS_BYTES
  if (!k.dtype) {
    addRows(rows, a, rowStep, 4, at(d, 1) + 4 * element, depth, sums, sumsStep)
  } else {
    unpack(at(d, 1) + 2 * element, depth, floats)
    addRows(rows, a, rowStep, 4, floats, depth, sums, sumsStep)
  }
}
