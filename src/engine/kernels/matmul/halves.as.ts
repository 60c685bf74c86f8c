/**
 * Weights in halves become floats, exactly: a stretch of a panel at once for several rows, in passing for one. A panel's
 * columns come out parted (common/parted-halves.as.ts), and sums lie likewise until `joinColumns`. Neighbouring vectors go
 * through the same operations, for V8 to fuse.
 */
import {
  bitsKept,
  evenOf,
  HALVES_SCALE,
  isSpecial,
  joinSixteens,
  larger,
  oddOf,
  opaque,
} from '../common/parted-halves.as'
import { highHalves, lowHalves } from '../common/simd.as'
import { scaledTile } from './scaled-tile.as'
import { addRows, fusing, PANEL } from './tile.as'

/**
 * Adds a panel of halves to the parted sums of at most TALLEST_SCALED rows, side by side and times HALVES_SCALE, as
 * `addRows` does of floats. `room` takes the panel in floats at need, and the rows as they were.
 */
export function addScaledHalves(
  rows: u32, left: usize, panel: usize, depth: u32, sums: usize, sumsStep: usize, room: usize,
): void {
  // One row leaves room for all columns, and would wait for its own sums with fewer.
  const added =
    fusing() || rows === 1
      ? wideTile(rows, left, panel, depth, sums, sumsStep, room)
      : narrowTiles(rows, left, panel, depth, sums, sumsStep, room)
  if (!added) addSpecial(rows, left, panel, depth, sums, sumsStep, room)
}

/** The same where infinities or NaN are among the halves. */
function addSpecial(
  rows: u32, left: usize, panel: usize, depth: u32, sums: usize, sumsStep: usize, room: usize,
): void {
  const row = room + 4 * PANEL * <usize>depth
  const bytes: usize = 4 * rows * depth
  for (let i: usize = 0; i < bytes; i += 4) store<f32>(row + i, load<f32>(left + i) / HALVES_SCALE)
  unpackSpecial(panel, panel + 2 * PANEL * <usize>depth, room)
  addRows(rows, row, 4, 4 * rows, room, depth, sums, sumsStep)
}

// One function a height, each with registers of its own.

function wideTile(
  rows: u32, left: usize, panel: usize, depth: u32, sums: usize, sumsStep: usize, room: usize,
): bool {
  switch (rows) {
    case 1: return tile1x16(left, panel, depth, sums, sumsStep, room)
    case 2: return tile2x16(left, panel, depth, sums, sumsStep, room)
    case 3: return tile3x16(left, panel, depth, sums, sumsStep, room)
    default: return tile4x16(left, panel, depth, sums, sumsStep, room)
  }
}

/** Both vectors of the panel, or none of them. */
function narrowTiles(
  rows: u32, left: usize, panel: usize, depth: u32, sums: usize, sumsStep: usize, room: usize,
): bool {
  const before = room + 64
  for (let r: usize = 0; r < rows; r++) memory.copy(before + 4 * PANEL * r, sums + r * sumsStep, 4 * PANEL)
  if (!narrowTile(rows, left, panel, depth, sums, sumsStep, room)) return false
  if (narrowTile(rows, left, panel + 16, depth, sums + 16, sumsStep, room)) return true
  for (let r: usize = 0; r < rows; r++) memory.copy(sums + r * sumsStep, before + 4 * PANEL * r, 4 * PANEL)
  return false
}

function narrowTile(
  rows: u32, left: usize, panel: usize, depth: u32, sums: usize, sumsStep: usize, room: usize,
): bool {
  switch (rows) {
    case 2: return tile2x8(left, panel, depth, sums, sumsStep, room)
    case 3: return tile3x8(left, panel, depth, sums, sumsStep, room)
    default: return tile4x8(left, panel, depth, sums, sumsStep, room)
  }
}

function tile1x16(l: usize, p: usize, n: u32, to: usize, ts: usize, room: usize): bool {
  return scaledTile(1, true, l, p, n, to, ts, room)
}
function tile2x16(l: usize, p: usize, n: u32, to: usize, ts: usize, room: usize): bool {
  return scaledTile(2, true, l, p, n, to, ts, room)
}
function tile3x16(l: usize, p: usize, n: u32, to: usize, ts: usize, room: usize): bool {
  return scaledTile(3, true, l, p, n, to, ts, room)
}
function tile4x16(l: usize, p: usize, n: u32, to: usize, ts: usize, room: usize): bool {
  return scaledTile(4, true, l, p, n, to, ts, room)
}
function tile2x8(l: usize, p: usize, n: u32, to: usize, ts: usize, room: usize): bool {
  return scaledTile(2, false, l, p, n, to, ts, room)
}
function tile3x8(l: usize, p: usize, n: u32, to: usize, ts: usize, room: usize): bool {
  return scaledTile(3, false, l, p, n, to, ts, room)
}
function tile4x8(l: usize, p: usize, n: u32, to: usize, ts: usize, room: usize): bool {
  return scaledTile(4, false, l, p, n, to, ts, room)
}

/** `depth` k of a panel, as floats in parted columns. */
export function unpack(panel: usize, depth: u32, to: usize): void {
  const kept = bitsKept(to)
  const power = opaque(reinterpret<u32>(HALVES_SCALE), to)
  const end = panel + 2 * PANEL * <usize>depth
  let most0 = i16x8.splat(0)
  let most1 = most0
  let write = to
  for (let read = panel; read < end; read += 2 * PANEL, write += 4 * PANEL) {
    const a = v128.load(read)
    const b = v128.load(read, 16)
    most0 = larger(most0, a)
    most1 = larger(most1, b)
    v128.store(write, f32x4.mul(evenOf(a, kept), power))
    v128.store(write, f32x4.mul(evenOf(b, kept), power), 16)
    v128.store(write, f32x4.mul(oddOf(a, kept), power), 32)
    v128.store(write, f32x4.mul(oddOf(b, kept), power), 48)
  }
  v128.store(write, most0)
  v128.store(write, most1, 16)
  if (isSpecial(v128.load(write), v128.load(write, 16))) unpackSpecial(panel, end, to)
}

function unpackSpecial(from: usize, end: usize, to: usize): void {
  for (; from < end; from += 2 * PANEL, to += 4 * PANEL) {
    for (let eight: usize = 0; eight < 32; eight += 16) {
      const halves = v128.load(from + eight)
      const low = lowHalves(halves)
      const high = highHalves(halves)
      v128.store(to + eight, v128.shuffle<i32>(low, high, 0, 2, 4, 6))
      v128.store(to + eight, v128.shuffle<i32>(low, high, 1, 3, 5, 7), 32)
    }
  }
}

/** Parted columns of a row's panels -> columns in their order. */
export function joinColumns(row: usize, panels: u32): void {
  joinSixteens(row, 4 * PANEL * panels)
}
