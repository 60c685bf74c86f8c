/** The size of a policy that removes a given share of causal pairs: counted, not searched on a device. Pure. */
import { causalPairs } from '../engine/drops.js'
import { layerSizes, SIZED, type SizedKind, type SizedRule, sizedRule } from '../engine/policies/index.js'
import type { Depth } from '../engine/policies/policy.js'
import { Failure } from '../errors.js'
import { sum } from '../stats/basics.js'

/** A sequence as far as a policy of positions or a budget is concerned. */
export interface Extent {
  /** In tokens. */
  length: number
  /** From where on nothing is dropped (src/engine/batch.ts); everywhere something may be when undefined. */
  frozenFrom?: number
}

/** As `nearestSize`. Failure: the policy cannot remove so much; `where` says of what. */
export function fitSize(
  kind: SizedKind,
  extents: readonly Extent[],
  sparsity: number,
  where: string,
  model: Depth,
): SizedRule {
  const { rule, most } = nearestSize(kind, extents, sparsity, model)
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
  extents: readonly Extent[],
  sparsity: number,
  model: Depth,
): { rule: SizedRule; most: number } {
  const shares = sharesBySize(kind, extents, model)
  const peak = shares.indexOf(Math.max(...shares))
  let best = peak
  for (let i = peak + 1; i < shares.length; i++) {
    if (Math.abs(shares[i] - sparsity) < Math.abs(shares[best] - sparsity)) best = i
  }
  return { rule: sizedRule(kind, SIZED[kind].least + best), most: shares[peak] }
}

/** S_pair of all sizes from the least up to one at which nothing is removed. */
function sharesBySize(kind: SizedKind, extents: readonly Extent[], model: Depth): number[] {
  const { least, removed } = SIZED[kind]
  const counts = new Map<string, Required<Extent> & { count: number }>()
  for (const { length, frozenFrom = length } of extents) {
    const own = { length, frozenFrom: Math.min(frozenFrom, length) }
    const key = `${own.length} ${own.frozenFrom}`
    counts.set(key, { ...own, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  const all = [...counts.values()]
  const pairs = Math.max(1, sum(all.map(({ length, count }) => count * causalPairs(length))))
  const known = new Map<number, number>()
  const ofLayer = (size: number): number => {
    const removedOf = (n: number): number => removed(n, size)
    const share = known.get(size) ?? sum(all.map((one) => one.count * removedFrom(one, removedOf))) / pairs
    known.set(size, share)
    return share
  }
  const longest = Math.max(least, ...all.map(({ length }) => length))
  const shares: number[] = []
  do {
    const layers = layerSizes(sizedRule(kind, least + shares.length), model).map(ofLayer)
    // By differences, so that layers that are alike have the mean of each.
    const [first] = layers
    shares.push(first + sum(layers.map((share) => share - first)) / layers.length)
  } while (least + shares.length <= longest || shares[shares.length - 1] > 0)
  return shares
}

/** What is gone at the last query that may drop is gone for each of those after it. */
function removedFrom({ length, frozenFrom }: Required<Extent>, removed: (n: number) => number): number {
  const after = length - frozenFrom
  const before = removed(frozenFrom)
  return after === 0 ? before : before + after * (removed(frozenFrom + 1) - before)
}
