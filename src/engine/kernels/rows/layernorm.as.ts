/** Twin of layernorm.wgsl. A task is a block of rows. */
import { at, constants, Dispatch, take } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { rowSquares, rowSum } from './moments.as'
import { rowsATask } from './tasks.as'

@unmanaged
class Constants {
  C4: u32
  EPSILON: f32
  WORKGROUP: u32
  GATHER: u32
}

export function layernorm(d: Dispatch): void {
  const k = constants<Constants>(d)
  const columns: u32 = 4 * k.C4
  const bytes: usize = 4 * columns
  const block = rowsATask(columns)
  for (let first = take(d) * block; first < d.x; first = take(d) * block) {
    const end = min(first + block, d.x)
    for (let row = first; row < end; row++) {
      const source = k.GATHER ? load<u32>(at(d, 3) + 4 * row) : row
      normalise(at(d, 0) + source * bytes, at(d, 1), at(d, 2), at(d, 4) + row * bytes, bytes, k.EPSILON)
    }
  }
}

function normalise(x: usize, gain: usize, bias: usize, y: usize, bytes: usize, epsilon: f32): void {
  const count = <f32>(bytes / 4)
  const mean = rowSum(x, bytes) / count
  const scale: f32 = 1 / Mathf.sqrt(rowSquares(x, bytes, mean) / count + epsilon)
  const m = f32x4.splat(mean)
  const s = f32x4.splat(scale)
  for (let c: usize = 0; c < bytes; c += 16) {
    const normal = f32x4.mul(f32x4.sub(v128.load(x + c), m), s)
    v128.store(y + c, madd(normal, v128.load(gain + c), v128.load(bias + c)))
  }
}
