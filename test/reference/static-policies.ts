import { NEVER } from '../../src/engine/batch.js'
import type { StaticRule } from '../../src/engine/policies/index.js'

/** Whether query k sees key j <= k, from the definition in words: the last tokens; own block or a block's last; the first four and the last. */
export function seesReference(rule: StaticRule, k: number, j: number): boolean {
  const { kind, size } = rule
  if (kind === 'local') return k - j < size
  if (kind === 'streaming') return k - j < size || j < 4
  return Math.floor(k / size) === Math.floor(j / size) || j % size === size - 1
}

/**
 * Plain-loop twin of src/engine/policies: (n) the first query that does not see key j, NEVER if there is none.
 * `removed`: pairs that are not seen, counted one by one; more than those after the death times if a key came back.
 * @param frozenFrom queries from there on see what the first of them would see, and one another
 */
export function staticReference(
  rule: StaticRule,
  n: number,
  frozenFrom = n,
): { deaths: Uint32Array; removed: number } {
  const deaths = new Uint32Array(n).fill(NEVER)
  let removed = 0
  for (let j = 0; j < n; j++) {
    for (let k = n - 1; k > j; k--) {
      if (k >= frozenFrom ? j >= frozenFrom || seesReference(rule, frozenFrom, j) : seesReference(rule, k, j))
        continue
      deaths[j] = k
      removed++
    }
  }
  return { deaths, removed }
}
