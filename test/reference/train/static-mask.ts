import { NEVER } from '../../../src/engine/batch.js'
import type { TrainRule } from '../../../src/engine/train/types.js'

/**
 * Death times of the rules that look at positions alone (method.md 1.7): `local` t_j = j + window; `strided` the next block's
 * first position, never for the last token of a block.
 */
export function staticDeathsReference(
  rule: Extract<TrainRule, { kind: 'local' | 'strided' }>,
  T: number,
): Uint32Array {
  return Uint32Array.from({ length: T }, (_, j) => {
    if (rule.kind === 'local') return j + rule.window
    const { stride } = rule
    return j % stride === stride - 1 ? NEVER : stride * (Math.floor(j / stride) + 1)
  })
}

/** (T, T): 0 where j <= k < t_j, minus infinity where the key is gone; 0 above the diagonal, which is never read. */
export function deathMaskReference(deaths: ArrayLike<number>, T: number): Float64Array {
  const mask = new Float64Array(T * T)
  for (let k = 0; k < T; k++)
    for (let j = 0; j < k; j++) if (k >= deaths[j]) mask[k * T + j] = Number.NEGATIVE_INFINITY
  return mask
}
