/**
 * Products of few rows, as decoding has them: what takes time is the weights, which pass by once, in the order they lie
 * in. The rows are copied k by k first, all rows of a k side by side: one stream beside that of the weights, which
 * processors read ahead, where the rows as they are would be one each.
 */
import { HALVES_SCALE } from '../common/parted-halves.as'
import { addScaledHalves, unpack } from './halves.as'
import { TALLEST_SCALED } from './scaled-tile.as'
import { addRows, fusing, PANEL } from './tile.as'

/** How many are few. */
export const FEW: u32 = 24

/** The longest rows that there is room for. */
export const LONGEST: u32 = 1 << 14

/** Bytes of scratch: a stretch of a panel in floats, then rows. */
const FLOATS_BYTES: u32 = 8 * PANEL * 256

/** Rows whose products take halves as they are: with more, unpacking once for all costs less than once a tile. */
@inline
function mostScaled(): u32 {
  return fusing() ? 2 * TALLEST_SCALED : TALLEST_SCALED
}

/** Rows that panels pass by at once: tile by tile where halves are taken as they are, from the second-level cache then. */
export function rowsAtOnce(rows: u32, halves: bool): u32 {
  return halves && rows <= mostScaled() ? TALLEST_SCALED : rows
}

/** k of a stretch: unpacking and multiplying take turns, short ones, so that processors read ahead meanwhile. */
const DEPTH: u32 = 32
/** Where nothing is unpacked first, or one row's products are done before the next weights are there. */
const SCALED_DEPTH: u32 = 256

/** Finite numbers from here on may not be multiplied by HALVES_SCALE. */
const LARGE: f32 = 32768

/**
 * Adds panels of weights, `halves` or floats and k by k from `weights` on, to the sums of rows of K; `room` of scratch is
 * free.
 */
export function addPanels(
  rows: u32,
  left: usize,
  K: u32,
  weights: usize,
  halves: bool,
  panels: u32,
  sums: usize,
  sumsStep: usize,
  room: usize,
): void {
  const floats = room
  const packed = room + FLOATS_BYTES
  const single = rows === 1
  if (!single) turnRows(left, rows, K, packed)
  let scaled = halves && rows <= TALLEST_SCALED
  if (scaled && !scale(single ? left : packed, rows * K, packed)) {
    scaled = false
    if (!single) turnRows(left, rows, K, packed)
  }
  const step = single || scaled ? SCALED_DEPTH : DEPTH
  const line: usize = halves ? 2 * PANEL : 4 * PANEL
  for (let p: u32 = 0; p < panels; p++, sums += 4 * PANEL) {
    let from = single && !scaled ? left : packed
    for (let first: u32 = 0; first < K; first += step) {
      const depth = min(step, K - first)
      if (scaled) addScaledHalves(rows, from, weights, depth, sums, sumsStep, floats)
      else if (halves) {
        unpack(weights, depth, floats)
        addRows(rows, from, 4, 4 * rows, floats, depth, sums, sumsStep)
      } else addRows(rows, from, 4, 4 * rows, weights, depth, sums, sumsStep)
      from += 4 * rows * depth
      weights += line * depth
    }
  }
}

/** Copies `count` numbers, times HALVES_SCALE; false where a number is too large for that. */
function scale(from: usize, count: u32, to: usize): bool {
  const scale = f32x4.splat(HALVES_SCALE)
  let largest = f32x4.splat(0)
  for (const end = from + 4 * <usize>count; from < end; from += 16, to += 16) {
    const x = v128.load(from)
    largest = f32x4.pmax(largest, f32x4.abs(x))
    v128.store(to, f32x4.mul(x, scale))
  }
  return !v128.any_true(f32x4.ge(largest, f32x4.splat(LARGE)))
}

/** Rows of K, a multiple of 4, -> (K, rows). */
function turnRows(from: usize, rows: u32, K: u32, to: usize): void {
  const rowStep: usize = 4 * K
  const step: usize = 4 * rows
  let r: u32 = 0
  for (; r + 4 <= rows; r += 4) turnFour(from + r * rowStep, K, to + 4 * r, step)
  for (; r < rows; r++) {
    let x = from + r * rowStep
    let y = to + 4 * r
    for (const end = x + rowStep; x < end; x += 4, y += step) store<f32>(y, load<f32>(x))
  }
}

function turnFour(a: usize, K: u32, to: usize, step: usize): void {
  const b: usize = a + 4 * K
  const c: usize = b + 4 * K
  const d: usize = c + 4 * K
  const end: usize = 4 * K
  for (let i: usize = 0; i < end; i += 16, to += 4 * step) {
    const w = v128.load(a + i)
    const x = v128.load(b + i)
    const y = v128.load(c + i)
    const z = v128.load(d + i)
    const low0 = v128.shuffle<i32>(w, x, 0, 4, 1, 5)
    const low1 = v128.shuffle<i32>(y, z, 0, 4, 1, 5)
    const high0 = v128.shuffle<i32>(w, x, 2, 6, 3, 7)
    const high1 = v128.shuffle<i32>(y, z, 2, 6, 3, 7)
    v128.store(to, v128.shuffle<i64>(low0, low1, 0, 2))
    v128.store(to + step, v128.shuffle<i64>(low0, low1, 1, 3))
    v128.store(to + 2 * step, v128.shuffle<i64>(high0, high1, 0, 2))
    v128.store(to + 3 * step, v128.shuffle<i64>(high0, high1, 1, 3))
  }
}
