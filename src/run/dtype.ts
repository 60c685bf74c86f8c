/** How weights are kept. Pure. */
import type { Checkpoint } from '../data/checkpoint.js'
import type { WeightDtype } from '../engine/matmul.js'

export const DTYPE_NAMES = ['auto', 'f32', 'f16'] as const
export type DtypeName = (typeof DTYPE_NAMES)[number]

/** `auto` keeps a half-precision checkpoint in half precision, which loses nothing, and any other in f32. */
export function chooseDtype(dtype: DtypeName, stored: Checkpoint['storedDtype']): WeightDtype {
  if (dtype !== 'auto') return dtype
  return stored === 'F16' ? 'f16' : 'f32'
}
