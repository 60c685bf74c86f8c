/** Twin of layernorm-backward.wgsl. A task is a block of rows. */
import { at, constants, Dispatch, take } from '../common/dispatch.as'
import { madd, sumLanes } from '../common/simd.as'
import { rowSquares, rowSum } from '../rows/moments.as'
import { rowsATask } from '../rows/tasks.as'

@unmanaged
class Constants {
  C4: u32
  EPSILON: f32
  WORKGROUP: u32
  ACCUMULATE: u32
}

export function layernormBackward(d: Dispatch): void {
  const k = constants<Constants>(d)
  const columns: u32 = 4 * k.C4
  const bytes: usize = 4 * columns
  const count = <f32>columns
  const block = rowsATask(columns)
  for (let first = take(d) * block; first < d.x; first = take(d) * block) {
    const end = min(first + block, d.x)
    for (let row = first; row < end; row++) {
      const from: usize = row * bytes
      const x = at(d, 0) + from
      const mean = rowSum(x, bytes) / count
      const scale: f32 = 1 / Mathf.sqrt(rowSquares(x, bytes, mean) / count + k.EPSILON)
      const stats = at(d, 4) + 8 * row
      store<f32>(stats, mean)
      store<f32>(stats, scale, 4)
      if (!k.ACCUMULATE) memory.fill(at(d, 3) + from, 0, bytes)
      back(x, at(d, 1) + from, at(d, 2), at(d, 3) + from, stats, bytes)
    }
  }
}

/** dx += (g - mean(g) - n mean(g n)) scale, with n = (x - mean) scale and g = gain dy. */
function back(x: usize, dy: usize, gain: usize, dx: usize, stats: usize, bytes: usize): void {
  const mean = v128.load32_splat(stats)
  const scale = v128.load32_splat(stats, 4)
  let sum = f32x4.splat(0)
  let odd = sum
  let dot = sum
  let oddDot = sum
  let c: usize = 0
  for (; c + 32 <= bytes; c += 32) {
    const g = f32x4.mul(v128.load(dy + c), v128.load(gain + c))
    const h = f32x4.mul(v128.load(dy + c, 16), v128.load(gain + c, 16))
    sum = f32x4.add(sum, g)
    odd = f32x4.add(odd, h)
    dot = madd(g, f32x4.sub(v128.load(x + c), mean), dot)
    oddDot = madd(h, f32x4.sub(v128.load(x + c, 16), mean), oddDot)
  }
  if (c < bytes) {
    const g = f32x4.mul(v128.load(dy + c), v128.load(gain + c))
    sum = f32x4.add(sum, g)
    dot = madd(g, f32x4.sub(v128.load(x + c), mean), dot)
  }
  const count = <f32>(bytes / 4)
  const meanG = f32x4.splat(sumLanes(f32x4.add(sum, odd)) / count)
  const meanGN = f32x4.mul(f32x4.splat(sumLanes(f32x4.add(dot, oddDot)) / count), scale)
  for (c = 0; c < bytes; c += 16) {
    const g = f32x4.mul(v128.load(dy + c), v128.load(gain + c))
    const normal = f32x4.mul(f32x4.sub(v128.load(x + c), mean), scale)
    const gradient = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(normal, meanGN))
    v128.store(dx + c, madd(gradient, scale, v128.load(dx + c)))
  }
}
