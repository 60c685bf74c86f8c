/**
 * Twin of matmul-tile.wgsl with all its fragments: out (M, N) = f(a (M, K) @ weights (K, N) + bias (N)).
 * A task is a block of rows and columns. Stretches of k pass through it one after the other; within each, panels of 16
 * columns, and past each panel all rows of the block. Halves are unpacked a stretch of a panel at a time.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { blockColumns, blockRows, columnBlocks, cut, DEPTH, MOST_COLUMNS, MOST_ROWS, rowBlocks } from './blocks.as'
import { addHalves, unpack } from './halves.as'
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

/** So few rows stay in the first-level cache with all their k: the weights are then read in the order they lie in. */
const FEW: u32 = 24

/** k of a stretch for few rows: reading and multiplying take turns, short ones, so that processors read ahead meanwhile. */
const FEW_DEPTH: u32 = 64

function block(d: Dispatch, row: u32, rows: u32, column: u32, columns: u32): void {
  const k = constants<MatmulConstants>(d)
  const panels: u32 = (columns + PANEL - 1) / PANEL
  const sumsStep: usize = 4 * PANEL * panels
  memory.fill(scratch(), 0, rows * sumsStep)
  if (rows <= FEW) {
    const step = rows === 1 ? DEPTH : FEW_DEPTH
    for (let p: u32 = 0; p < panels; p++) {
      for (let first: u32 = 0; first < k.K; first += step) {
        const depth = min(step, k.K - first)
        addStretch(d, row, rows, column + PANEL * p, first, depth, scratch() + 4 * PANEL * p, sumsStep)
      }
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
  for (let r: u32 = 0; r < rows; r++) finishRow(k, bytes, scratch() + r * sumsStep, bias, out + r * outStep)
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
  } else if (rows === 1) {
    addHalves(a, at(d, 1) + 2 * element, depth, sums, floats)
  } else {
    unpack(at(d, 1) + 2 * element, depth, floats)
    addRows(rows, a, rowStep, 4, floats, depth, sums, sumsStep)
  }
}
