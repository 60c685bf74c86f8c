/** Policies and sparsities -> the cells of a sweep, what is the same run once. Pure. */
import type { ScoringPolicyName } from '../pruning/policy.js'

export interface Point {
  /** What files and the record call it. */
  id: string
  policy: ScoringPolicyName
  /** 0 for the dense model. */
  sparsity: number
  /** Policies whose sparsity 0 it is. */
  standsFor: ScoringPolicyName[]
}

/**
 * The dense model first, where it is named or a sparsity is 0: dropping nothing is the dense model whatever decides, bit for
 * bit. Then policy by policy; the dense one has no sparsity above 0.
 */
export function planGrid(policies: readonly ScoringPolicyName[], sparsities: readonly number[]): Point[] {
  const others = [...new Set(policies)].filter((name) => name !== 'dense')
  const shares = [...new Set(sparsities)]
  const standsFor = shares.includes(0) ? others : []
  const hasDense = policies.includes('dense') || standsFor.length > 0
  return [
    ...(hasDense ? [{ id: 'dense', policy: 'dense' as const, sparsity: 0, standsFor }] : []),
    ...others.flatMap((policy) =>
      shares
        .filter((share) => share > 0)
        .map((sparsity) => ({ id: `${policy}-${sparsity}`, policy, sparsity, standsFor: [] })),
    ),
  ]
}
