/** The log-mask of a static pattern, which controls are trained with (docs/method.md, Policies). */
import { type StaticRule, staticDeaths } from '../policies/index.js'

/** Log of nothing, as in alpha-sigmoid.wgsl. */
const GONE = -1e30

/** (B, T, T): 0 where query k sees key j, GONE where j has died. */
export function patternMask(rule: StaticRule, sequences: number, T: number): Float32Array {
  const deaths = staticDeaths(rule, T)
  const one = Float32Array.from({ length: T * T }, (_, i) => (Math.floor(i / T) < deaths[i % T] ? 0 : GONE))
  const all = new Float32Array(sequences * T * T)
  for (let s = 0; s < sequences; s++) all.set(one, s * T * T)
  return all
}
