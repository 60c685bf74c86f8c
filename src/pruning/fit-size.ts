/** The size of a policy that removes a given share of causal pairs: counted, not searched on a device. Pure. */
import { causalPairs } from '../engine/drops.js'
import { layerSizes, SIZED, type SizedKind, type SizedRule, sizedRule } from '../engine/policies/index.js'
import type { Depth } from '../engine/policies/policy.js'
import { Failure } from '../errors.js'

/** As `nearestSize`. Failure: the policy cannot remove so much; `where` says of what. */
export function fitSize(
  kind: SizedKind,
  lengths: readonly number[],
  sparsity: number,
  where: string,
  model: Depth,
): SizedRule {
  const { rule, most } = nearestSize(kind, lengths, sparsity, model)
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
  model: Depth,
): { rule: SizedRule; most: number } {
  const shares = sharesBySize(kind, lengths, model)
  const peak = shares.indexOf(Math.max(...shares))
  let best = peak
  for (let i = peak + 1; i < shares.length; i++) {
    if (Math.abs(shares[i] - sparsity) < Math.abs(shares[best] - sparsity)) best = i
  }
  return { rule: sizedRule(kind, SIZED[kind].least + best), most: shares[peak] }
}

/** S_pair of all sizes from the least up to one at which nothing is removed. */
function sharesBySize(kind: SizedKind, lengths: readonly number[], model: Depth): number[] {
  const { least, removed } = SIZED[kind]
  const counts = new Map<number, number>()
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1)
  const total = (of: (n: number) => number): number =>
    [...counts].reduce((sum, [n, count]) => sum + count * of(n), 0)
  const pairs = Math.max(1, total(causalPairs))
  const known = new Map<number, number>()
  const ofLayer = (size: number): number => {
    const share = known.get(size) ?? total((n) => removed(n, size)) / pairs
    known.set(size, share)
    return share
  }
  const longest = Math.max(least, ...counts.keys())
  const shares: number[] = []
  do {
    const layers = layerSizes(sizedRule(kind, least + shares.length), model).map(ofLayer)
    // By differences, so that layers that are alike have the mean of each.
    const [first] = layers
    shares.push(first + layers.reduce((sum, share) => sum + share - first, 0) / layers.length)
  } while (least + shares.length <= longest || shares[shares.length - 1] > 0)
  return shares
}
