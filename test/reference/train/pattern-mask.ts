import type { StaticRule } from '../../../src/engine/policies/index.js'
import { seesReference } from '../static-policies.js'

/**
 * (T, T) log-mask of a rule that looks at positions alone (docs/method.md, Policies): 0 where query k sees key j, minus infinity where
 * the key is gone; 0 above the diagonal, which is never read.
 */
export function patternMaskReference(rule: StaticRule, T: number): Float64Array {
  const mask = new Float64Array(T * T)
  for (let k = 0; k < T; k++)
    for (let j = 0; j < k; j++) if (!seesReference(rule, k, j)) mask[k * T + j] = Number.NEGATIVE_INFINITY
  return mask
}
