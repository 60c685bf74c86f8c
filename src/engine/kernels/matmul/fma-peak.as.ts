/**
 * Twin of fma-peak.wgsl: as many multiply-adds, as fast as a thread gets them. A task is a workgroup.
 * Chains are grouped as processors like it, not by lanes: 12 sums keep two units busy, twice as many where V8 fuses two.
 */
import { at, constants, Dispatch, take } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { fusing } from './tile.as'

@unmanaged
class Constants {
  ROUNDS: u32
  WORKGROUP: u32
}

/** Chains of a lane, and steps of a round. */
const CHAINS: u32 = 3
const STEPS: u32 = 4

export function fmaPeak(d: Dispatch): void {
  const k = constants<Constants>(d)
  const x = load<f32>(at(d, 1))
  const y = load<f32>(at(d, 1), 4)
  const steps: u32 = CHAINS * STEPS * k.ROUNDS * k.WORKGROUP
  for (let group = take(d); group < d.x; group = take(d)) {
    const out = at(d, 0) + 16 * group * k.WORKGROUP
    if (fusing()) chains24(steps / 24, x, y, out)
    else chains12(steps / 12, x, y, out)
  }
}

function chains12(steps: u32, scale: f32, more: f32, out: usize): void {
  const x = f32x4.splat(scale)
  const y = f32x4.splat(more)
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(1)
  let s2 = f32x4.splat(2)
  let s3 = f32x4.splat(3)
  let s4 = f32x4.splat(4)
  let s5 = f32x4.splat(5)
  let s6 = f32x4.splat(6)
  let s7 = f32x4.splat(7)
  let s8 = f32x4.splat(8)
  let s9 = f32x4.splat(9)
  let s10 = f32x4.splat(10)
  let s11 = f32x4.splat(11)
  for (let i: u32 = 0; i < steps; i++) {
    s0 = madd(s0, x, y)
    s1 = madd(s1, x, y)
    s2 = madd(s2, x, y)
    s3 = madd(s3, x, y)
    s4 = madd(s4, x, y)
    s5 = madd(s5, x, y)
    s6 = madd(s6, x, y)
    s7 = madd(s7, x, y)
    s8 = madd(s8, x, y)
    s9 = madd(s9, x, y)
    s10 = madd(s10, x, y)
    s11 = madd(s11, x, y)
  }
  v128.store(out, s0, 0)
  v128.store(out, s1, 16)
  v128.store(out, s2, 32)
  v128.store(out, s3, 48)
  v128.store(out, s4, 64)
  v128.store(out, s5, 80)
  v128.store(out, s6, 96)
  v128.store(out, s7, 112)
  v128.store(out, s8, 128)
  v128.store(out, s9, 144)
  v128.store(out, s10, 160)
  v128.store(out, s11, 176)
}

function chains24(steps: u32, scale: f32, more: f32, out: usize): void {
  const x = f32x4.splat(scale)
  const y = f32x4.splat(more)
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(1)
  let s2 = f32x4.splat(2)
  let s3 = f32x4.splat(3)
  let s4 = f32x4.splat(4)
  let s5 = f32x4.splat(5)
  let s6 = f32x4.splat(6)
  let s7 = f32x4.splat(7)
  let s8 = f32x4.splat(8)
  let s9 = f32x4.splat(9)
  let s10 = f32x4.splat(10)
  let s11 = f32x4.splat(11)
  let s12 = f32x4.splat(12)
  let s13 = f32x4.splat(13)
  let s14 = f32x4.splat(14)
  let s15 = f32x4.splat(15)
  let s16 = f32x4.splat(16)
  let s17 = f32x4.splat(17)
  let s18 = f32x4.splat(18)
  let s19 = f32x4.splat(19)
  let s20 = f32x4.splat(20)
  let s21 = f32x4.splat(21)
  let s22 = f32x4.splat(22)
  let s23 = f32x4.splat(23)
  for (let i: u32 = 0; i < steps; i++) {
    s0 = madd(s0, x, y)
    s1 = madd(s1, x, y)
    s2 = madd(s2, x, y)
    s3 = madd(s3, x, y)
    s4 = madd(s4, x, y)
    s5 = madd(s5, x, y)
    s6 = madd(s6, x, y)
    s7 = madd(s7, x, y)
    s8 = madd(s8, x, y)
    s9 = madd(s9, x, y)
    s10 = madd(s10, x, y)
    s11 = madd(s11, x, y)
    s12 = madd(s12, x, y)
    s13 = madd(s13, x, y)
    s14 = madd(s14, x, y)
    s15 = madd(s15, x, y)
    s16 = madd(s16, x, y)
    s17 = madd(s17, x, y)
    s18 = madd(s18, x, y)
    s19 = madd(s19, x, y)
    s20 = madd(s20, x, y)
    s21 = madd(s21, x, y)
    s22 = madd(s22, x, y)
    s23 = madd(s23, x, y)
  }
  v128.store(out, s0, 0)
  v128.store(out, s1, 16)
  v128.store(out, s2, 32)
  v128.store(out, s3, 48)
  v128.store(out, s4, 64)
  v128.store(out, s5, 80)
  v128.store(out, s6, 96)
  v128.store(out, s7, 112)
  v128.store(out, s8, 128)
  v128.store(out, s9, 144)
  v128.store(out, s10, 160)
  v128.store(out, s11, 176)
  v128.store(out, s12, 192)
  v128.store(out, s13, 208)
  v128.store(out, s14, 224)
  v128.store(out, s15, 240)
  v128.store(out, s16, 256)
  v128.store(out, s17, 272)
  v128.store(out, s18, 288)
  v128.store(out, s19, 304)
  v128.store(out, s20, 320)
  v128.store(out, s21, 336)
  v128.store(out, s22, 352)
  v128.store(out, s23, 368)
}
