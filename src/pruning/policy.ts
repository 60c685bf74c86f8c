/** What is pruned and how weights are kept: flags and checkpoint -> one checked choice. Pure. */
import type { Checkpoint } from '../data/checkpoint.js'
import type { WeightDtype } from '../engine/matmul.js'
import { SIZED, SIZED_KINDS, type SizedKind } from '../engine/policies/index.js'
import { Failure } from '../errors.js'
import { POLICIES } from '../record/eval/schema.js'

export const POLICY_NAMES = POLICIES
export type PolicyName = (typeof POLICY_NAMES)[number]
/** What scoring and decoding can do: by the checkpoint's own drop scores, or by a policy of a size. */
export const SCORING_POLICY_NAMES = [...POLICY_NAMES, ...SIZED_KINDS] as const
export type ScoringPolicyName = (typeof SCORING_POLICY_NAMES)[number]

export const DTYPE_NAMES = ['auto', 'f32', 'f16'] as const
export type DtypeName = (typeof DTYPE_NAMES)[number]

export interface PolicyChoice<Name extends ScoringPolicyName = PolicyName> {
  name: Name
  /** Share of causal pairs to remove; null: the checkpoint's own threshold decides. */
  sparsity: number | null
}

interface PolicyFlags<Name extends ScoringPolicyName> {
  policy: Name | undefined
  sparsity: number | undefined
}

/** Adaptive is the default where the checkpoint can drop tokens. Failure: a request the checkpoint cannot meet. */
export function choosePolicy<Name extends ScoringPolicyName = PolicyName>(
  { id, config }: Pick<Checkpoint, 'id' | 'config'>,
  { policy, sparsity }: PolicyFlags<Name>,
): PolicyChoice<Name | PolicyName> {
  if (sparsity !== undefined) checkSparsity(sparsity)
  if (policy !== undefined && isSizedPolicy(policy)) return { name: policy, sparsity: sparsity ?? null }
  if (config.interaction === null && (policy === 'adaptive' || sparsity !== undefined)) {
    const asked = policy === 'adaptive' ? '--policy adaptive' : `--sparsity ${sparsity}`
    throw new Failure(`${asked}: checkpoint ${id} has no interaction weights to decide what to drop`, {
      hint: 'use --policy dense without --sparsity, or a checkpoint fine-tuned for pruning such as --model asp-tiny',
    })
  }
  const name = policy ?? (config.interaction === null ? 'dense' : 'adaptive')
  if (name === 'dense' && sparsity !== undefined && sparsity > 0) {
    throw new Failure(`--sparsity ${sparsity}: the dense policy removes nothing`, {
      hint: 'leave out --policy dense, or --sparsity',
    })
  }
  return { name, sparsity: name === 'dense' ? null : (sparsity ?? null) }
}

/** Failure: no share that can be removed. */
export function checkSparsity(sparsity: number): void {
  if (sparsity >= 0 && sparsity < 1) return
  throw new Failure(`--sparsity: must be at least 0 and below 1, got ${sparsity}`, {
    hint: 'it is the share of context removed: --sparsity 0.8 removes 80 %',
  })
}

/** A checkpoint has a threshold of its own, other policies have no size of their own. */
export const missingShare = (name: string, hint = 'add --sparsity 0.8'): Failure =>
  new Failure(`--policy ${name}: needs the share of context to remove`, { hint })

/** Policies that need nothing of a checkpoint. */
export const isSizedPolicy = <Name extends string>(name: Name): name is Name & SizedKind =>
  Object.hasOwn(SIZED, name)

/** `auto` keeps a half-precision checkpoint in half precision, which loses nothing, and any other in f32. */
export function chooseDtype(dtype: DtypeName, stored: Checkpoint['storedDtype']): WeightDtype {
  if (dtype !== 'auto') return dtype
  return stored === 'F16' ? 'f16' : 'f32'
}
