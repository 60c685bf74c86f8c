/** The size of a policy that removes a given share of causal pairs: counted, not searched on a device. Pure. */
import { causalPairs } from '../engine/drops.js'
import { SIZED, type SizedKind, type SizedRule, sizedRule } from '../engine/policies/index.js'
import { Failure } from '../errors.js'

/** As `nearestSize`. Failure: the policy cannot remove so much; `where` says of what. */
export function fitSize(
  kind: SizedKind,
  lengths: readonly number[],
  sparsity: number,
  where: string,
): SizedRule {
  const { rule, most } = nearestSize(kind, lengths, sparsity)
  if (sparsity <= most) return rule
  throw new Failure(
    `--sparsity ${sparsity}: the ${kind} policy removes at most ${most.toFixed(3)} of the pairs ` +
      `${where}, with ${SIZED[kind].parameter} ${rule.size}`,
    { hint: `ask for at most ${Math.floor(100 * most) / 100}, or for --policy local` },
  )
}

/**
 * The whole window, stride or budget whose S_pair (docs/method.md, Sparsity) over sequences of these lengths is nearest to
 * `sparsity`, and the most that any removes. Most shares have two strides; the larger one is taken, as it leaves more of what is
 * recent: those below the stride that removes most are left out.
 */
export function nearestSize(
  kind: SizedKind,
  lengths: readonly number[],
  sparsity: number,
): { rule: SizedRule; most: number } {
  const shares = sharesBySize(kind, lengths)
  const peak = shares.indexOf(Math.max(...shares))
  let best = peak
  for (let i = peak + 1; i < shares.length; i++) {
    if (Math.abs(shares[i] - sparsity) < Math.abs(shares[best] - sparsity)) best = i
  }
  return { rule: sizedRule(kind, SIZED[kind].least + best), most: shares[peak] }
}

/** S_pair of all sizes from the least up to the longest sequence, at which nothing is removed. */
function sharesBySize(kind: SizedKind, lengths: readonly number[]): number[] {
  const { least, removed } = SIZED[kind]
  const counts = new Map<number, number>()
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1)
  const total = (of: (n: number) => number): number =>
    [...counts].reduce((sum, [n, count]) => sum + count * of(n), 0)
  const pairs = Math.max(1, total(causalPairs))
  const longest = Math.max(least, ...counts.keys())
  return Array.from({ length: longest - least + 1 }, (_, i) => total((n) => removed(n, least + i)) / pairs)
}
