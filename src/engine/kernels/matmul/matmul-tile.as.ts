/**
 * Twin of matmul-tile.wgsl with all its fragments: out (M, N) = f(a (M, K) @ weights (K, N) + bias (N)).
 * A task is a block of rows and columns. Stretches of k pass through it one after the other; within each, panels of 16 columns,
 * and past each panel all rows of the block. Halves are unpacked a stretch of a panel at a time.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { blockColumns, blockRows, columnBlocks, cut, DEPTH, MOST_COLUMNS, MOST_ROWS, rowBlocks } from './blocks.as'
import { unpack } from './halves.as'
import { finishRow, MatmulConstants } from './matmul-output.as'
import { addRows, PANEL, TALLEST } from './tile.as'

@unmanaged
class Shape {
  rows: u32
}

// Scratch: sums of a block, then a stretch of a panel in floats.
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
  const K = k.K
  const elementBytes: u32 = k.dtype ? 2 : 4
  const panels: u32 = (columns + PANEL - 1) / PANEL
  const sums = scratch()
  const sumsStep: usize = 4 * PANEL * panels
  const a = at(d, 0) + 4 * row * K
  const weights = at(d, 1) + elementBytes * column * K
  memory.fill(sums, 0, rows * sumsStep)
  for (let first: u32 = 0; first < K; first += DEPTH) {
    const depth = min(DEPTH, K - first)
    for (let p: u32 = 0; p < panels; p++) {
      let panel = weights + elementBytes * PANEL * (p * K + first)
      if (k.dtype) {
        unpack(panel, PANEL * depth, scratch() + SUMS_BYTES)
        panel = scratch() + SUMS_BYTES
      }
      addRows(rows, a + 4 * first, 4 * K, 4, panel, depth, sums + 4 * PANEL * p, sumsStep)
    }
  }
  const outStep: usize = 16 * ((k.N + 3) / 4)
  const bytes: usize = 16 * ((columns + 3) / 4)
  const bias = at(d, 2) + 4 * column
  const out = at(d, 3) + row * outStep + 4 * column
  for (let r: u32 = 0; r < rows; r++) finishRow(k, bytes, sums + r * sumsStep, bias, out + r * outStep)
}
