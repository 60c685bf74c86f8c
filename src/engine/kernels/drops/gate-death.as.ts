/** Twin of gate-death.wgsl. */
import { logSigmoid } from '../soft-mask/log-sigmoid.as'
import { NEVER } from './batch.as'

const LOG_EPSILON: f32 = -4.60517019
const OLDEST: f32 = 1e6

/** t_j of the key at `position`, scored `x`. */
export function gateDeath(x: f32, position: u32, decays: u32, window: u32): u32 {
  if (!decays) return x > 0 ? NEVER : position + window
  const decay = f32x4.extract_lane(logSigmoid(f32x4.splat(x)), 0)
  // Divided by nothing, ages are without end.
  if (decay * OLDEST > LOG_EPSILON) return NEVER
  const age = LOG_EPSILON / decay
  return position + 1 + <u32>age
}
