/**
 * Twin of adamw.wgsl. A task is a stretch of vec4s. What is too small to be a normal number is taken for 0: the moments of
 * rare tokens fade down there and stay, and processors take a hundred times as long for each of them.
 */
import { at, Dispatch, struct, take } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { TASK_QUADS } from '../rows/tasks.as'

@unmanaged
class Step {
  quads: u32
  across: u32
  rate: f32
  decay: f32
  beta1: f32
  beta2: f32
  epsilon: f32
  c1: f32
  c2: f32
}

const SMALLEST_NORMAL: f32 = 1.17549435e-38
/** Its square is a normal number just so. */
const SMALLEST_ROOT: f32 = 1.1e-19

export function adamw(d: Dispatch): void {
  const step = struct<Step>(d, 5)
  const used = load<f32>(at(d, 4), 8) !== 0
  for (let first = take(d) * TASK_QUADS; first < step.quads; first = take(d) * TASK_QUADS) {
    const from: usize = 16 * first
    const bytes: usize = 16 * min(TASK_QUADS, step.quads - first)
    if (used) update(d, from, bytes, step)
    memory.fill(at(d, 1) + from, 0, bytes)
  }
}

/** 0 for what is smaller than `least`, whatever its sign; NaN stays. */
@inline
function atLeast(x: v128, least: f32): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(least)))
}

function update(d: Dispatch, from: usize, bytes: usize, step: Step): void {
  const weights = at(d, 0) + from
  const gradient = at(d, 1) + from
  const first = at(d, 2) + from
  const second = at(d, 3) + from
  const factor = v128.load32_splat(at(d, 4), 4)
  const beta1 = f32x4.splat(step.beta1)
  const beta2 = f32x4.splat(step.beta2)
  const rest1 = f32x4.splat(1 - step.beta1)
  const rest2 = f32x4.splat(1 - step.beta2)
  // One division a weight: rate (m / c1) / (sqrt(v / c2) + eps) with the constants taken out.
  const rate = f32x4.splat(-step.rate / step.c1)
  const root = f32x4.splat(1 / Mathf.sqrt(step.c2))
  const epsilon = f32x4.splat(step.epsilon)
  const kept = f32x4.splat(1 - step.decay)
  for (let i: usize = 0; i < bytes; i += 16) {
    const g = f32x4.mul(v128.load(gradient + i), factor)
    const m = madd(rest1, g, f32x4.mul(beta1, v128.load(first + i)))
    const large = atLeast(g, SMALLEST_ROOT)
    const v = madd(f32x4.mul(rest2, large), large, f32x4.mul(beta2, v128.load(second + i)))
    v128.store(first + i, atLeast(m, SMALLEST_NORMAL))
    v128.store(second + i, atLeast(v, SMALLEST_NORMAL))
    const change = f32x4.div(m, madd(f32x4.sqrt(v), root, epsilon))
    v128.store(weights + i, madd(rate, change, f32x4.mul(kept, v128.load(weights + i))))
  }
}
