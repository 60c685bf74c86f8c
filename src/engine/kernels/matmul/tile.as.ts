/**
 * What every matrix product is made of: sums (rows, 16) += left (rows, depth) @ panel (depth, 16), by tiles in registers.
 * Each sum has one accumulator that takes k in ascending order, however many rows there are and wherever a row lies, and
 * is stored and loaded exactly between two stretches of k: tiles, blocks and threads change no bit.
 */
import { tile } from './register-tile.as'

/** Columns of a panel: one cache line a k. */
export const PANEL: u32 = 16

/**
 * Rows of the tallest tile: with two vectors of columns, the most whose accumulators fit 15 registers beside the factors
 * (V8 keeps one of 16 for itself). A multiply and an add need a register between them, which a fused one does not.
 */
export const TALLEST: u32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5

/** Whether V8 fuses neighbouring vectors into one of 256 bits; of this thread, as module globals are. */
let fused: bool = false

/** How many threads share the work; changes how it is cut, never a bit of it. */
let threads: u32 = 8

/** What the host knows of the runtime; every thread calls it before its first kernel. */
export function adapt(threadCount: u32, fusing: bool): void {
  threads = threadCount
  fused = fusing
}

@inline
export function fusing(): bool {
  return fused
}

@inline
export function threadsAtWork(): u32 {
  return threads
}

/**
 * Adds `rows` rows. Row r's value k is at left + r rowStep + k step; the panel lies k by k, sums row by row. Bytes.
 */
export function addRows(
  rows: u32,
  left: usize,
  rowStep: usize,
  step: usize,
  panel: usize,
  depth: u32,
  sums: usize,
  sumsStep: usize,
): void {
  while (rows > 0) {
    const tall = min(rows, TALLEST)
    // Fused, 16 columns of 6 rows fit the registers, and half as many would not keep the units busy. One or two rows fit
    // anyway, and would wait for their own sums with fewer columns.
    if (fused || tall <= 2) {
      wideTile(tall, left, rowStep, step, panel, depth, sums, sumsStep)
    } else {
      narrowTile(tall, left, rowStep, step, panel, depth, sums, sumsStep)
      narrowTile(tall, left, rowStep, step, panel + 32, depth, sums + 32, sumsStep)
    }
    rows -= tall
    left += tall * rowStep
    sums += tall * sumsStep
  }
}

// One function a height, each with registers of its own.

function wideTile(
  rows: u32, left: usize, rowStep: usize, step: usize, panel: usize, depth: u32, sums: usize, sumsStep: usize,
): void {
  switch (rows) {
    case 1: return tile1x16(left, rowStep, step, panel, depth, sums, sumsStep)
    case 2: return tile2x16(left, rowStep, step, panel, depth, sums, sumsStep)
    case 3: return tile3x16(left, rowStep, step, panel, depth, sums, sumsStep)
    case 4: return tile4x16(left, rowStep, step, panel, depth, sums, sumsStep)
    case 5: return tile5x16(left, rowStep, step, panel, depth, sums, sumsStep)
    default: return tile6x16(left, rowStep, step, panel, depth, sums, sumsStep)
  }
}

function narrowTile(
  rows: u32, left: usize, rowStep: usize, step: usize, panel: usize, depth: u32, sums: usize, sumsStep: usize,
): void {
  switch (rows) {
    case 3: return tile3x8(left, rowStep, step, panel, depth, sums, sumsStep)
    case 4: return tile4x8(left, rowStep, step, panel, depth, sums, sumsStep)
    case 5: return tile5x8(left, rowStep, step, panel, depth, sums, sumsStep)
    default: return tile6x8(left, rowStep, step, panel, depth, sums, sumsStep)
  }
}

function tile1x16(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(1, true, l, r, s, p, n, to, ts)
}
function tile2x16(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(2, true, l, r, s, p, n, to, ts)
}
function tile3x16(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(3, true, l, r, s, p, n, to, ts)
}
function tile4x16(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(4, true, l, r, s, p, n, to, ts)
}
function tile5x16(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(5, true, l, r, s, p, n, to, ts)
}
function tile6x16(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(6, true, l, r, s, p, n, to, ts)
}
function tile3x8(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(3, false, l, r, s, p, n, to, ts)
}
function tile4x8(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(4, false, l, r, s, p, n, to, ts)
}
function tile5x8(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(5, false, l, r, s, p, n, to, ts)
}
function tile6x8(l: usize, r: usize, s: usize, p: usize, n: u32, to: usize, ts: usize): void {
  tile(6, false, l, r, s, p, n, to, ts)
}
