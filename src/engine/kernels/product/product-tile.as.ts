/**
 * Twin of product-tile.wgsl with all its fragments: result (M, N) = scale * left (M, K) @ right (K, N), of each matrix.
 * A task is a block of rows and columns. A stretch of k at a time, right is packed into panels and left, if transposed, into
 * rows of its own; transposing happens on the way. Sums wait in scratch until all stretches are through.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import {
  blockColumns, blockRows, columnBlocks, cut, DEPTH, MOST_COLUMNS, MOST_ROWS, rowBlocks,
} from '../matmul/blocks.as'
import { addRows, PANEL, TALLEST } from '../matmul/tile.as'
import {
  CAUSAL_SIDE, LEFT, packLeft, packRight, packRightTransposed, Product, ProductConstants, RESULT,
} from './product.as'
import { finishRow } from './product-to.as'

// Scratch: sums of a block, right's panels, left's rows.
const SUMS_BYTES: u32 = 4 * MOST_ROWS * MOST_COLUMNS
const RIGHT_BYTES: u32 = 4 * DEPTH * MOST_COLUMNS

/** Rows are cut at whole tiles, and at whole vec4s of a transposed left. */
const UNIT: u32 = TALLEST * (TALLEST % 2 === 0 ? 2 : 4)

/** Rows that share their stretch of k under a causal rule; never across a multiple of CAUSAL_SIDE. */
const GROUP: u32 = 2 * TALLEST

export function productTile(d: Dispatch): void {
  const k = constants<ProductConstants>(d)
  const shape = struct<Product>(d, 3)
  cut(shape.M, shape.N, shape.K, d.z, k.CAUSAL ? CAUSAL_SIDE : UNIT)
  const blocks = rowBlocks * columnBlocks
  for (let task = take(d); task < blocks * d.z; task = take(d)) {
    const block = task % blocks
    const row = (block % rowBlocks) * blockRows
    const column = (block / rowBlocks) * blockColumns
    const rows = min(blockRows, shape.M - row)
    if (k.CAUSAL === RESULT && column >= row + rows && column >= causalEnd(row + rows - 1)) continue
    multiply(d, task / blocks, row, rows, column, min(blockColumns, shape.N - column))
  }
}

/** Columns that exist of a row whose columns above the diagonal do not. */
@inline
function causalEnd(row: u32): u32 {
  return (row / CAUSAL_SIDE + 1) * CAUSAL_SIDE
}

function multiply(d: Dispatch, z: u32, row: u32, rows: u32, column: u32, columns: u32): void {
  const k = constants<ProductConstants>(d)
  const shape = struct<Product>(d, 3)
  const panels: u32 = (columns + PANEL - 1) / PANEL
  const sumsStep: usize = 4 * PANEL * panels
  const begin: u32 = k.CAUSAL === LEFT && k.LEFT_TRANSPOSED ? row : 0
  const end: u32 = k.CAUSAL === LEFT && !k.LEFT_TRANSPOSED ? min(shape.K, (row + rows + 3) / 4 * 4) : shape.K
  memory.fill(scratch(), 0, rows * sumsStep)
  for (let first = begin; first < end; first += DEPTH) {
    addStretch(d, z, row, rows, column, columns, first, min(DEPTH, end - first))
  }
  for (let r: u32 = 0; r < rows; r++) {
    let own = columns
    if (k.CAUSAL === RESULT) {
      const limit = causalEnd(row + r)
      if (limit <= column) continue
      own = min(own, limit - column)
    }
    finishRow(d, z, row + r, column / 4, own / 4, scratch() + r * sumsStep)
  }
}

/** Adds what `depth` k from `first` contribute to a block. */
function addStretch(
  d: Dispatch,
  z: u32,
  row: u32,
  rows: u32,
  column: u32,
  columns: u32,
  first: u32,
  depth: u32,
): void {
  const k = constants<ProductConstants>(d)
  const shape = struct<Product>(d, 3)
  const panels = scratch() + SUMS_BYTES
  const rightWidth: usize = 16 * shape.rightWidth
  const right = at(d, 1) + 16 * (shape.right + z * shape.rightNext)
  if (k.RIGHT_TRANSPOSED) {
    packRightTransposed(right + column * rightWidth + 4 * first, rightWidth, depth, columns / 4, panels)
  } else {
    packRight(right + first * rightWidth + 4 * column, rightWidth, depth, columns / 4, panels)
  }
  const leftWidth: usize = 16 * shape.leftWidth
  let left = at(d, 0) + 16 * (shape.left + z * shape.leftNext)
  let rowStep = leftWidth
  let step: usize = 4
  if (k.LEFT_TRANSPOSED) {
    rowStep = 4
    step = 16 * ((rows + 3) / 4)
    const packed = panels + RIGHT_BYTES
    packLeft(left + first * leftWidth + 4 * row, leftWidth, depth, step, packed)
    left = packed
  } else {
    left += row * leftWidth + 4 * first
  }
  const sumsStep: usize = 4 * PANEL * ((columns + PANEL - 1) / PANEL)
  for (let c: u32 = 0; c < columns; c += PANEL) {
    const panel = panels + 4 * c * depth
    const sums = scratch() + 4 * c
    if (k.CAUSAL) addCausal(k, row, rows, column + c, left, rowStep, step, panel, first, depth, sums, sumsStep)
    else addRows(rows, left, rowStep, step, panel, depth, sums, sumsStep)
  }
}

/** Of a panel, what is not above the diagonal, in groups of rows. */
function addCausal(
  k: ProductConstants,
  row: u32,
  rows: u32,
  column: u32,
  left: usize,
  rowStep: usize,
  step: usize,
  panel: usize,
  first: u32,
  depth: u32,
  sums: usize,
  sumsStep: usize,
): void {
  let group: u32 = 0
  for (let r: u32 = 0; r < rows; r += group) {
    const top = row + r
    group = min(min(GROUP, rows - r), CAUSAL_SIDE - top % CAUSAL_SIDE)
    if (k.CAUSAL === RESULT && column >= top + group) continue
    let begin = first
    let end = first + depth
    if (k.CAUSAL === LEFT) {
      if (k.LEFT_TRANSPOSED) begin = max(begin, top)
      else end = min(end, top + group)
    }
    if (begin >= end) continue
    const skip: usize = begin - first
    const at = left + r * rowStep + skip * step
    addRows(group, at, rowStep, step, panel + 64 * skip, end - begin, sums + r * sumsStep, sumsStep)
  }
}
