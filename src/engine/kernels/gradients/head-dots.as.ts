/** Twin of head-dots.wgsl. A task is a stretch of heads, whichever rows they are of. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { madd, sumLanes } from '../common/simd.as'

@unmanaged
class Constants {
  H: u32
  D4: u32
  WORKGROUP: u32
}

@unmanaged
class Rows {
  count: u32
}

const TASK: u32 = 128

export function headDots(d: Dispatch): void {
  const k = constants<Constants>(d)
  const heads = struct<Rows>(d, 3).count * k.H
  const bytes: usize = 16 * k.D4
  for (let first = take(d) * TASK; first < heads; first = take(d) * TASK) {
    const end = min(first + TASK, heads)
    for (let i = first; i < end; i++) {
      store<f32>(at(d, 2) + 4 * i, dot(at(d, 0) + i * bytes, at(d, 1) + i * bytes, bytes))
    }
  }
}

function dot(x: usize, y: usize, bytes: usize): f32 {
  let a = f32x4.splat(0)
  let b = a
  let c: usize = 0
  for (; c + 32 <= bytes; c += 32) {
    a = madd(v128.load(x + c), v128.load(y + c), a)
    b = madd(v128.load(x + c, 16), v128.load(y + c, 16), b)
  }
  if (c < bytes) a = madd(v128.load(x + c), v128.load(y + c), a)
  return sumLanes(f32x4.add(a, b))
}
