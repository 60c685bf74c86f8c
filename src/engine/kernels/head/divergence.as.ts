/** Twin of divergence.wgsl. A task is a row. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { exp1 } from '../common/simd.as'
import { Part } from './logsumexp.as'
import { BLOCK_COLUMNS, isToken, sumLanes64 } from './sums.as'

@unmanaged
class Constants {
  N4: u32
  WORKGROUP: u32
}

const CUT: f32 = -87.3

export function divergence(d: Dispatch): void {
  const k = constants<Constants>(d)
  const part = struct<Part>(d, 5)
  for (let i = take(d); i < d.x; i = take(d)) {
    const row = part.firstRow + i
    const top = load<f32>(at(d, 2) + 16 * row)
    const state = at(d, 4) + 16 * row
    let total: f64 = 0
    let apart: f32
    if (part.firstToken === 0) {
      apart = top - load<f32>(at(d, 3) + 16 * row)
    } else {
      apart = load<f32>(state, 8)
      total = <f64>load<f32>(state, 4) * <f64>exp1(load<f32>(state) - top)
    }
    const slice: usize = 16 * i * k.N4
    total += weighted(at(d, 0) + slice, at(d, 1) + slice, part.columns, top, apart)
    store<f32>(state, top)
    store<f32>(state, <f32>total, 4)
    store<f32>(state, apart, 8)
    store<f32>(state, 0, 12)
  }
}

@inline
function term(b: v128, o: v128, top: v128, apart: v128): v128 {
  return f32x4.mul(expDown4(f32x4.sub(b, top), CUT), f32x4.sub(f32x4.sub(b, o), apart))
}

/** Sum of exp(b - top) (b - o - apart). */
function weighted(base: usize, other: usize, columns: u32, top: f32, apart: f32): f64 {
  const t = f32x4.splat(top)
  const z = f32x4.splat(apart)
  let sum: f64 = 0
  for (let first: u32 = 0; first < columns; first += BLOCK_COLUMNS) {
    const end = min(columns, first + BLOCK_COLUMNS)
    let a = f32x4.splat(0)
    let e = a
    let c = first
    for (; c + 8 <= end; c += 8) {
      const i: usize = 4 * c
      a = f32x4.add(a, term(v128.load(base + i), v128.load(other + i), t, z))
      e = f32x4.add(e, term(v128.load(base + i, 16), v128.load(other + i, 16), t, z))
    }
    for (; c < end; c += 4) {
      const i: usize = 4 * c
      const last = term(v128.load(base + i), v128.load(other + i), t, z)
      a = f32x4.add(a, v128.and(last, isToken(c, columns)))
    }
    sum += sumLanes64(a, e)
  }
  return sum
}
