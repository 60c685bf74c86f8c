/**
 * Weights in halves become floats, exactly: a stretch of a panel at once for several rows, in passing for one.
 * A half's bits, shifted to where a float has them, are the number with an exponent 112 too small, subnormal ones too.
 */
import { highHalves, lowHalves, madd } from '../common/simd.as'
import { addRows, PANEL } from './tile.as'

/** Twice a half, as an unsigned number, from which on it is infinite or no number. */
const SPECIAL: i16 = <i16>0xf800

/** A constant that V8 keeps in a register: one that it sees through is built anew wherever it is used. */
@inline
function opaque(bits: u32, room: usize): v128 {
  store<u32>(room, bits)
  return v128.load32_splat(room)
}

/** Bits of a float that come from a half, given that all above are its sign. */
@inline
function mask(room: usize): v128 {
  return opaque(0x8fffe000, room)
}

/** 2^112. */
@inline
function scale(room: usize): v128 {
  return opaque(0x77800000, room)
}

@inline
function isSpecial(largest: v128): bool {
  return v128.any_true(i16x8.ge_u(largest, i16x8.splat(SPECIAL)))
}

/**
 * Adds a panel of halves to the sums of one row, as `addRows` does; `room` takes the panel in floats at need.
 * Even and odd columns are summed apart: two halves of a word are then unpacked where they are.
 */
export function addHalves(left: usize, panel: usize, depth: u32, sums: usize, room: usize): void {
  const kept = mask(room)
  const power = scale(room)
  const end = panel + 2 * PANEL * <usize>depth
  let s0 = evenOf(sums)
  let s1 = oddOf(sums)
  let s2 = evenOf(sums + 32)
  let s3 = oddOf(sums + 32)
  let largest = i16x8.splat(0)
  let x = left
  for (let read = panel; read < end; read += 2 * PANEL, x += 4) {
    const a = v128.load(read)
    const b = v128.load(read, 16)
    // Twice a half is its magnitude.
    largest = i16x8.max_u(largest, i16x8.max_u(i16x8.add(a, a), i16x8.add(b, b)))
    const factor = v128.load32_splat(x)
    s0 = madd(factor, unpackEven(a, kept, power), s0)
    s1 = madd(factor, unpackOdd(a, kept, power), s1)
    s2 = madd(factor, unpackEven(b, kept, power), s2)
    s3 = madd(factor, unpackOdd(b, kept, power), s3)
  }
  if (isSpecial(largest)) {
    unpackSpecial(panel, end, room)
    addRows(1, left, 0, 4, room, depth, sums, 0)
    return
  }
  join(sums, s0, s1)
  join(sums + 32, s2, s3)
}

@inline
function unpackEven(words: v128, kept: v128, power: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shr_s(i32x4.shl(words, 16), 3), kept), power)
}

@inline
function unpackOdd(words: v128, kept: v128, power: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shr_s(words, 3), kept), power)
}

/** Columns 0, 2, 4, 6 of eight. */
@inline
function evenOf(eight: usize): v128 {
  const a = v128.load(eight)
  const b = v128.load(eight, 16)
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
}

/** Columns 1, 3, 5, 7 of eight. */
@inline
function oddOf(eight: usize): v128 {
  const a = v128.load(eight)
  const b = v128.load(eight, 16)
  return i8x16.shuffle(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
}

@inline
function join(eight: usize, even: v128, odd: v128): void {
  v128.store(eight, i8x16.shuffle(even, odd, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23))
  v128.store(eight, i8x16.shuffle(even, odd, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31), 16)
}

/** `depth` k of a panel, as floats. */
export function unpack(panel: usize, depth: u32, to: usize): void {
  const kept = mask(to)
  const power = scale(to)
  const end = panel + 2 * PANEL * <usize>depth
  let largest = i16x8.splat(0)
  let write = to
  for (let read = panel; read < end; read += 32, write += 64) {
    const a = v128.load(read)
    const b = v128.load(read, 16)
    largest = i16x8.max_u(largest, i16x8.max_u(i16x8.add(a, a), i16x8.add(b, b)))
    v128.store(write, widen(i32x4.extend_low_i16x8_s(a), kept, power))
    v128.store(write, widen(i32x4.extend_high_i16x8_s(a), kept, power), 16)
    v128.store(write, widen(i32x4.extend_low_i16x8_s(b), kept, power), 32)
    v128.store(write, widen(i32x4.extend_high_i16x8_s(b), kept, power), 48)
  }
  if (isSpecial(largest)) unpackSpecial(panel, end, to)
}

@inline
function widen(extended: v128, kept: v128, power: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shl(extended, 13), kept), power)
}

/** The same where infinities or NaN are among them. */
function unpackSpecial(from: usize, end: usize, to: usize): void {
  for (; from < end; from += 16, to += 32) {
    const eight = v128.load(from)
    v128.store(to, lowHalves(eight))
    v128.store(to, highHalves(eight), 16)
  }
}
