/**
 * Twin of cross-entropy-backward.wgsl. A task is a row. softmax[v] is exp(v - largest) / sum, not exp(v - lse), which would
 * cost it the digits that the logarithm of the sum shares with the largest logit.
 */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { madd } from '../common/simd.as'
import { NONE } from './divergence-rows.as'

@unmanaged
class Constants {
  N4: u32
  WORKGROUP: u32
  DISTILL: u32
}

@unmanaged
class Part {
  firstRow: u32
  rows: u32
  firstToken: u32
  columns: u32
  weight: f32
  share: f32
}

/** Tokens this far below the largest get nothing: weighted, their gradient would end in numbers that processors are slow with. */
const CUT: f32 = -60

export function crossEntropyBackward(d: Dispatch): void {
  const k = constants<Constants>(d)
  const part = struct<Part>(d, 6)
  const bytes: usize = 16 * k.N4
  for (let i = take(d); i < d.x; i = take(d)) {
    const row = part.firstRow + i
    const logits = at(d, 0) + i * bytes
    const target = load<u32>(at(d, 2) + 4 * row)
    const loss = at(d, 3) + 4 * row
    if (target === NONE) {
      memory.fill(logits, 0, bytes)
      store<f32>(loss, 0)
      continue
    }
    const state = at(d, 1) + 16 * row
    const local = target - part.firstToken
    const here = local < part.columns
    const own = here ? load<f32>(logits + 4 * local) : 0
    if (k.DISTILL) taught(logits, at(d, 4) + i * bytes, state, at(d, 5) + 16 * row, part)
    else plain(logits, state, part)
    memory.fill(logits + 4 * part.columns, 0, bytes - 4 * part.columns)
    if (!here) continue
    store<f32>(loss, <f32>(<f64>load<f32>(state) - <f64>own + Math.log(<f64>load<f32>(state, 4))))
    store<f32>(logits + 4 * local, load<f32>(logits + 4 * local) - part.weight * (1 - part.share))
  }
}

/** weight softmax[v] in place of each logit. */
function plain(logits: usize, state: usize, part: Part): void {
  const top = f32x4.splat(load<f32>(state))
  const scale = f32x4.splat(part.weight / load<f32>(state, 4))
  const end = logits + 4 * part.columns
  for (let i = logits; i < end; i += 16) {
    v128.store(i, f32x4.mul(expDown4(f32x4.sub(v128.load(i), top), CUT), scale))
  }
}

/** weight (softmax[v] - share teacher[v]) in place of each logit. */
function taught(logits: usize, teacher: usize, state: usize, teacherState: usize, part: Part): void {
  const top = f32x4.splat(load<f32>(state))
  const scale = f32x4.splat(part.weight / load<f32>(state, 4))
  const teacherTop = f32x4.splat(load<f32>(teacherState))
  const teacherScale = f32x4.splat((-part.weight * part.share) / load<f32>(teacherState, 4))
  const bytes: usize = 4 * part.columns
  for (let i: usize = 0; i < bytes; i += 16) {
    const own = f32x4.mul(expDown4(f32x4.sub(v128.load(logits + i), top), CUT), scale)
    const other = expDown4(f32x4.sub(v128.load(teacher + i), teacherTop), CUT)
    v128.store(logits + i, madd(other, teacherScale, own))
  }
}
