/** The size of a static pattern that removes a given share of causal pairs: counted, not searched on a device. Pure. */
import { causalPairs } from '../engine/drops.js'
import { PATTERNS, type PatternKind, type PatternRule } from '../engine/patterns.js'
import { Failure } from '../errors.js'

/**
 * The whole window or stride whose S_pair (method.md 1.4) over sequences of these lengths is nearest to `sparsity`.
 * Most shares have two strides; the larger one is taken, as it leaves more of what is recent: those below the stride that
 * removes most are left out.
 * @param where the sequences are, for the message
 * Failure: the pattern cannot remove so much.
 */
export function fitPattern(
  kind: PatternKind,
  lengths: readonly number[],
  sparsity: number,
  where: string,
): PatternRule {
  const { rule, parameter } = PATTERNS[kind]
  const shares = sharesBySize(kind, lengths)
  const peak = shares.indexOf(Math.max(...shares))
  if (sparsity > shares[peak]) {
    const most = Math.floor(100 * shares[peak]) / 100
    throw new Failure(
      `--sparsity ${sparsity}: ${kind} attention removes at most ${shares[peak].toFixed(3)} of the pairs ` +
        `${where}, with ${parameter} ${peak + 1}`,
      { hint: `ask for at most ${most}, or for --policy local` },
    )
  }
  let best = peak
  for (let i = peak + 1; i < shares.length; i++) {
    if (Math.abs(shares[i] - sparsity) < Math.abs(shares[best] - sparsity)) best = i
  }
  return rule(best + 1)
}

/** S_pair of sizes 1, 2, ... up to the longest sequence, at which nothing is removed. */
function sharesBySize(kind: PatternKind, lengths: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1)
  const total = (of: (n: number) => number): number =>
    [...counts].reduce((sum, [n, count]) => sum + count * of(n), 0)
  const pairs = Math.max(1, total(causalPairs))
  const longest = Math.max(1, ...counts.keys())
  return Array.from({ length: longest }, (_, i) => total((n) => PATTERNS[kind].removed(n, i + 1)) / pairs)
}
