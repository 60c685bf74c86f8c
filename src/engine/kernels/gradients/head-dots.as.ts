/** Twin of head-dots.wgsl. A task is a stretch of heads, whichever rows they are of. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { madd, sumLanes } from '../common/simd.as'

@unmanaged
class Constants {
  H: u32
  WORKGROUP: u32
}

@unmanaged
class Rows {
  count: u32
}

/** Bytes of a head: 64 floats. */
const HEAD: usize = 256
const TASK: u32 = 128

export function headDots(d: Dispatch): void {
  const heads = struct<Rows>(d, 3).count * constants<Constants>(d).H
  for (let first = take(d) * TASK; first < heads; first = take(d) * TASK) {
    const end = min(first + TASK, heads)
    for (let i = first; i < end; i++) {
      store<f32>(at(d, 2) + 4 * i, dot(at(d, 0) + i * HEAD, at(d, 1) + i * HEAD))
    }
  }
}

function dot(x: usize, y: usize): f32 {
  let a = f32x4.splat(0)
  let b = a
  for (let c: usize = 0; c < HEAD; c += 32) {
    a = madd(v128.load(x + c), v128.load(y + c), a)
    b = madd(v128.load(x + c, 16), v128.load(y + c, 16), b)
  }
  return sumLanes(f32x4.add(a, b))
}
