/**
 * Two halves of a word, unpacked where they are, exactly. A half's bits, shifted to where a float has them, are the number
 * times 2^-112, subnormal ones too; infinities and NaN come out as numbers and have to be looked for.
 *
 * Sixteen columns come out parted: 0 2 4 6, 8 10 12 14, then 1 3 5 7, 9 11 13 15.
 */

/** 2^112. */
export const HALVES_SCALE: f32 = reinterpret<f32>(0x77800000)

/** Twice a half, as an unsigned number, from which on it is infinite or no number. */
const SPECIAL: i16 = <i16>0xf800

/** A constant that V8 keeps in a register: one that it sees through is built again wherever it is used. */
@inline
export function opaque(bits: u32, room: usize): v128 {
  store<u32>(room, bits)
  return v128.load32_splat(room)
}

/** Bits of a float that come from a half, given that all above are its sign. */
@inline
export function bitsKept(room: usize): v128 {
  return opaque(0x8fffe000, room)
}

@inline
export function evenOf(eight: v128, kept: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(eight, 16), 3), kept)
}

@inline
export function oddOf(eight: v128, kept: v128): v128 {
  return v128.and(i32x4.shr_s(eight, 3), kept)
}

/** The largest magnitudes so far, lane by lane: twice a half is its magnitude. */
@inline
export function larger(most: v128, eight: v128): v128 {
  return i16x8.max_u(most, i16x8.add(eight, eight))
}

/** Whether an infinity or NaN is among the halves of these largest. */
@inline
export function isSpecial(most0: v128, most1: v128): bool {
  return v128.any_true(i16x8.ge_u(i16x8.max_u(most0, most1), i16x8.splat(SPECIAL)))
}

/** Floats at `at`, sixteen by sixteen: from their order to parted columns. */
export function partSixteens(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 64) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    const c = v128.load(at, 32)
    const d = v128.load(at, 48)
    v128.store(at, v128.shuffle<i32>(a, b, 0, 2, 4, 6))
    v128.store(at, v128.shuffle<i32>(c, d, 0, 2, 4, 6), 16)
    v128.store(at, v128.shuffle<i32>(a, b, 1, 3, 5, 7), 32)
    v128.store(at, v128.shuffle<i32>(c, d, 1, 3, 5, 7), 48)
  }
}

/** And back. */
export function joinSixteens(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 64) {
    const even0 = v128.load(at)
    const even1 = v128.load(at, 16)
    const odd0 = v128.load(at, 32)
    const odd1 = v128.load(at, 48)
    v128.store(at, v128.shuffle<i32>(even0, odd0, 0, 4, 1, 5))
    v128.store(at, v128.shuffle<i32>(even0, odd0, 2, 6, 3, 7), 16)
    v128.store(at, v128.shuffle<i32>(even1, odd1, 0, 4, 1, 5), 32)
    v128.store(at, v128.shuffle<i32>(even1, odd1, 2, 6, 3, 7), 48)
  }
}
