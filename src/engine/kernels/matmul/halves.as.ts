/** Weights in halves become floats, a stretch of a panel at a time: exact, and unpacked once for all rows of a task. */
import { highHalves, lowHalves } from '../common/simd.as'

/** Sign and magnitude of four halves in place, all exponents 112 too small; subnormal numbers need nothing more. */
@inline
function widen(extended: v128): v128 {
  const scale = f32x4.splat(reinterpret<f32>(0x77800000)) // 2^112
  return f32x4.mul(v128.and(i32x4.shl(extended, 13), i32x4.splat(0x8fffe000)), scale)
}

/** `count` halves, a multiple of 16. */
export function unpack(from: usize, count: u32, to: usize): void {
  const end = from + 2 * <usize>count
  let largest = i16x8.splat(0)
  let out = to
  for (let at = from; at < end; at += 32, out += 64) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    // Twice a half is its magnitude, as an unsigned number.
    largest = i16x8.max_u(largest, i16x8.max_u(i16x8.add(a, a), i16x8.add(b, b)))
    v128.store(out, widen(i32x4.extend_low_i16x8_s(a)))
    v128.store(out, widen(i32x4.extend_high_i16x8_s(a)), 16)
    v128.store(out, widen(i32x4.extend_low_i16x8_s(b)), 32)
    v128.store(out, widen(i32x4.extend_high_i16x8_s(b)), 48)
  }
  if (v128.any_true(i16x8.ge_u(largest, i16x8.splat(<i16>0xf800)))) unpackSpecial(from, end, to)
}

/** The same where infinities or NaN are among them. */
function unpackSpecial(from: usize, end: usize, to: usize): void {
  for (; from < end; from += 16, to += 32) {
    const eight = v128.load(from)
    v128.store(to, lowHalves(eight))
    v128.store(to, highHalves(eight), 16)
  }
}
