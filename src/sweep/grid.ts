/** Policies and sparsities -> the cells of a sweep, what is the same run once. Pure. */
import { DENSE, isSizedPolicy, type Level, type PolicyName, requestedSparsity } from '../pruning/level.js'

export interface Point {
  /** What files and the record call it. */
  id: string
  level: Level
  /** Policies whose sparsity 0 it is. */
  standsFor: PolicyName[]
}

/** As the record has it: 0 for the dense model. */
export const sparsityOf = ({ level }: Pick<Point, 'level'>): number => requestedSparsity(level) ?? 0

/**
 * The dense model first, where it is named or a sparsity is 0: dropping nothing is the dense model whatever decides, bit for
 * bit. Then policy by policy; the dense one has no sparsity above 0.
 */
export function planGrid(policies: readonly PolicyName[], sparsities: readonly number[]): Point[] {
  const others = [...new Set(policies)].filter((name) => name !== 'dense')
  const shares = [...new Set(sparsities)]
  const standsFor = shares.includes(0) ? others : []
  const hasDense = policies.includes('dense') || standsFor.length > 0
  return [
    ...(hasDense ? [{ id: 'dense', level: DENSE, standsFor }] : []),
    ...others.flatMap((policy) =>
      shares
        .filter((share) => share > 0)
        .map((sparsity) => ({
          id: `${policy}-${sparsity}`,
          level: levelAt(policy, sparsity),
          standsFor: [],
        })),
    ),
  ]
}

function levelAt(policy: Exclude<PolicyName, 'dense'>, sparsity: number): Level {
  const target = { kind: 'sparsity', sparsity } as const
  return isSizedPolicy(policy) ? { policy, target } : { policy, target }
}
