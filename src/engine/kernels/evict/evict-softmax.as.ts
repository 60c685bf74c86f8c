/** Twin of evict-softmax.wgsl: softmax of one head over all keys alive. */
import { expDown4 } from '../common/exp-down.as'
import { maxLanes, sumLanes } from '../common/simd.as'

const LOWEST: f32 = -3e38

/** From `count` scores to exponentials, in place; gives their sum. Up to three more, to whole vectors, become 0. */
export function exponentiate(weights: usize, count: u32): f32 {
  for (let i = count; (i & 3) !== 0; i++) store<f32>(weights + 4 * <usize>i, -Infinity)
  const end = weights + 4 * <usize>count
  let tops = f32x4.splat(LOWEST)
  for (let i = weights; i < end; i += 16) tops = f32x4.max(tops, v128.load(i))
  const top = f32x4.splat(maxLanes(tops))
  let mass = f32x4.splat(0)
  for (let i = weights; i < end; i += 16) {
    const weight = expDown4(f32x4.sub(v128.load(i), top), -87)
    v128.store(i, weight)
    mass = f32x4.add(mass, weight)
  }
  return sumLanes(mass)
}
