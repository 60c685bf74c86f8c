import { NEVER } from '../../src/engine/batch.js'
import type { PatternRule } from '../../src/engine/patterns.js'

/** Whether query k sees key j <= k, from the definition in words: the last `window` tokens; own block or a block's last. */
export function seesReference(rule: PatternRule, k: number, j: number): boolean {
  if (rule.kind === 'local') return k - j < rule.window
  const { stride } = rule
  return Math.floor(k / stride) === Math.floor(j / stride) || j % stride === stride - 1
}

/**
 * Plain-loop twin of src/engine/patterns.ts: (n) the first query that does not see key j, NEVER if there is none.
 * `removed`: pairs that are not seen, counted one by one; more than those after the death times if a key came back.
 */
export function patternReference(rule: PatternRule, n: number): { deaths: Uint32Array; removed: number } {
  const deaths = new Uint32Array(n).fill(NEVER)
  let removed = 0
  for (let j = 0; j < n; j++) {
    for (let k = n - 1; k > j; k--) {
      if (seesReference(rule, k, j)) continue
      deaths[j] = k
      removed++
    }
  }
  return { deaths, removed }
}
