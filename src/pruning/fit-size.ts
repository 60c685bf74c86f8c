/** The size of a policy that removes a given share of causal pairs: counted, not searched on a device. Pure. */
import { causalPairs } from '../engine/drops.js'
import { SIZED, type SizedKind, type SizedRule, sizedRule } from '../engine/policies/index.js'
import { Failure } from '../errors.js'

/**
 * The whole window, stride or budget whose S_pair (docs/method.md, Sparsity) over sequences of these lengths is nearest to
 * `sparsity`. Most shares have two strides; the larger one is taken, as it leaves more of what is recent: those below the stride that
 * removes most are left out.
 * @param where the sequences are, for the message
 * Failure: the policy cannot remove so much.
 */
export function fitSize(
  kind: SizedKind,
  lengths: readonly number[],
  sparsity: number,
  where: string,
): SizedRule {
  const { parameter, least } = SIZED[kind]
  const shares = sharesBySize(kind, lengths)
  const peak = shares.indexOf(Math.max(...shares))
  if (sparsity > shares[peak]) {
    const most = Math.floor(100 * shares[peak]) / 100
    throw new Failure(
      `--sparsity ${sparsity}: the ${kind} policy removes at most ${shares[peak].toFixed(3)} of the pairs ` +
        `${where}, with ${parameter} ${least + peak}`,
      { hint: `ask for at most ${most}, or for --policy local` },
    )
  }
  let best = peak
  for (let i = peak + 1; i < shares.length; i++) {
    if (Math.abs(shares[i] - sparsity) < Math.abs(shares[best] - sparsity)) best = i
  }
  return sizedRule(kind, least + best)
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
