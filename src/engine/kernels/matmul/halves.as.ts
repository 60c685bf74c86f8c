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
import { highHalves, lowHalves, madd } from '../common/simd.as'
import { addRows, PANEL } from './tile.as'

/**
 * Adds a panel of halves to the parted sums of one row, as `addRows` does; the row's numbers have been multiplied by
 * HALVES_SCALE: products are exactly the same, and halves need not be. `room` takes the panel in floats at need.
 */
export function addScaledHalves(left: usize, panel: usize, depth: u32, sums: usize, room: usize): void {
  const kept = bitsKept(room)
  const end = panel + 2 * PANEL * <usize>depth
  let s0 = v128.load(sums)
  let s1 = v128.load(sums, 16)
  let s2 = v128.load(sums, 32)
  let s3 = v128.load(sums, 48)
  let most0 = i16x8.splat(0)
  let most1 = most0
  let x = left
  for (let read = panel; read < end; read += 2 * PANEL, x += 4) {
    const a = v128.load(read)
    const b = v128.load(read, 16)
    most0 = larger(most0, a)
    most1 = larger(most1, b)
    const factor = v128.load32_splat(x)
    s0 = madd(factor, evenOf(a, kept), s0)
    s1 = madd(factor, evenOf(b, kept), s1)
    s2 = madd(factor, oddOf(a, kept), s2)
    s3 = madd(factor, oddOf(b, kept), s3)
  }
  // In memory V8 has it as a pair.
  v128.store(room, most0)
  v128.store(room, most1, 16)
  if (isSpecial(v128.load(room), v128.load(room, 16))) {
    addSpecial(left, panel, depth, sums, room)
    return
  }
  v128.store(sums, s0)
  v128.store(sums, s1, 16)
  v128.store(sums, s2, 32)
  v128.store(sums, s3, 48)
}

/** The same where infinities or NaN are among the halves. */
function addSpecial(left: usize, panel: usize, depth: u32, sums: usize, room: usize): void {
  const row = room + 4 * PANEL * <usize>depth
  for (let k: usize = 0; k < depth; k++) store<f32>(row + 4 * k, load<f32>(left + 4 * k) / HALVES_SCALE)
  unpackSpecial(panel, panel + 2 * PANEL * <usize>depth, room)
  addRows(1, row, 0, 4, room, depth, sums, 0)
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
