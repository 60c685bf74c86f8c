/**
 * Twin of squares.wgsl. A task is what a workgroup adds up there, but one stretch of the gradient each, in place of every
 * so manieth vec4: memory is read in its order.
 */
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { sumLanes64 } from '../head/sums.as'

@unmanaged
class Gradient {
  quads: u32
  at: u32
  groups: u32
}

/** Bytes that are added up in float32; sums of blocks are added in float64. */
const BLOCK: usize = 4096

export function squares(d: Dispatch): void {
  const shape = struct<Gradient>(d, 2)
  const share = (shape.quads + shape.groups - 1) / shape.groups
  for (let group = take(d); group < shape.groups; group = take(d)) {
    const first = min(shape.quads, group * share)
    const end = min(shape.quads, first + share)
    const sum = sumOfSquares(at(d, 0) + 16 * first, at(d, 0) + 16 * end)
    store<f32>(at(d, 1) + 4 * (shape.at + group), <f32>sum)
  }
}

function sumOfSquares(from: usize, to: usize): f64 {
  let sum: f64 = 0
  while (from < to) {
    const end = min(to, from + BLOCK)
    let a = f32x4.splat(0)
    let b = a
    for (; from + 32 <= end; from += 32) {
      const x = v128.load(from)
      const y = v128.load(from, 16)
      a = madd(x, x, a)
      b = madd(y, y, b)
    }
    if (from < end) {
      const x = v128.load(from)
      a = madd(x, x, a)
      from += 16
    }
    sum += sumLanes64(a, b)
  }
  return sum
}
