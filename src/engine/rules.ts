/** What a pass or a decoding step may drop. Policies decide by tokens' positions or a budget, the others by drop scores. */
import type { Gpt2Config } from './gpt2/config.js'
import type { SizedRule } from './policies/index.js'

/**
 * Decides by the checkpoint's own scores, whichever method taught them (docs/method.md, Drop scores and Gates). `shift` is added to
 * every score of every layer; the larger, the more is kept: x + shift <= 0 drops.
 * `keep-all` computes the scores and drops nothing: the dense model's bits, at the cost of the pruned one.
 */
export type ThresholdRule = { kind: 'adaptive'; shift: number } | { kind: 'keep-all' }

/** What scoring and decoding both can do. */
export type HardRule = { kind: 'dense' } | ThresholdRule | SizedRule

/**
 * Instead of all or nothing, leaves of a key a share that every later query makes smaller by a factor, the alpha-sigmoid
 * of its drop score (docs/method.md, Log-mask), 1 < alpha < infinity. Takes batches without branches.
 */
export interface SoftRule {
  kind: 'soft'
  alpha: number
  shift: number
}

/** What a scoring pass may drop. */
export type DropRule = HardRule | SoftRule

/**
 * Computes the drop scores and then ignores them: a share `sparsity` of the tokens die a few steps after they came, by a
 * hash of position and layer. For weights that were never trained.
 */
export interface SyntheticRule {
  kind: 'synthetic'
  sparsity: number
}

/** What a decoding step may drop. */
export type DecodeRule = HardRule | SyntheticRule

type AnyRule = DropRule | DecodeRule

export const isThreshold = <R extends AnyRule>(rule: R): rule is R & ThresholdRule =>
  rule.kind === 'adaptive' || rule.kind === 'keep-all'

/** Whether interaction queries and keys, or a gate's scores, are needed. */
export const readsInteraction = (rule: AnyRule): boolean =>
  isThreshold(rule) || rule.kind === 'soft' || rule.kind === 'synthetic'

/**
 * The rule that a pass goes by: under selective attention keys fade whatever the rule, so that `dense` keeps all of them and
 * computes how they do. Throws RangeError where the two do not go together.
 */
export function ruleUnder<R extends AnyRule>(
  { selective }: Pick<Gpt2Config, 'selective'>,
  rule: R,
): R | ThresholdRule {
  if (!selective || isThreshold(rule)) return rule
  if (rule.kind === 'dense') return { kind: 'keep-all' }
  throw new RangeError(`${rule.kind}: does not go together with selective attention`)
}

/** Larger than any drop score, so that adding it keeps every key. */
const KEEPS_ALL = 1e30

/** `beta + shift` as kernels take it: what a layer adds to every drop score under a rule. */
export function betaShift(beta: number, rule: AnyRule): number {
  if (rule.kind === 'keep-all') return beta + KEEPS_ALL
  return 'shift' in rule ? beta + rule.shift : beta
}

/** The smallest positive number that every device has: a key that nothing was selected of is kept by any threshold. */
const LEAST = 2 ** -126

/**
 * The number that a layer's kernels decide by: `betaShift`, or under selective attention, whose score is -log F, the F from which
 * on keys are dropped.
 */
export function decidesBy({ selective }: Pick<Gpt2Config, 'selective'>, beta: number, rule: AnyRule): number {
  const sum = betaShift(beta, rule)
  return selective ? Math.min(KEEPS_ALL, Math.max(LEAST, Math.exp(sum))) : sum
}
