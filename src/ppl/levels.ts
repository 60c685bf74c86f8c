/** What is measured beside the dense model: flags and checkpoint -> levels. Pure. */
import { type Gpt2Config, methodOf } from '../engine/gpt2/config.js'
import { Failure } from '../errors.js'
import { chooseLevels, type Pruneable } from '../pruning/choose.js'
import { isSizedPolicy, type Level, type PolicyName, requestedSparsity } from '../pruning/level.js'
import { atContext, knownRule } from '../pruning/resolve.js'
import { DEFAULT_SPARSITY, DEFAULT_STRIDED_SPARSITY, type PplOptions } from './options.js'

export interface Levels {
  /** Those that have a level; the dense one alone where there is none. */
  policies: PolicyName[]
  /** Without the dense model, which is measured always. */
  levels: Level[]
  /** The checkpoint cannot drop, and was not asked to. */
  denseOnly: boolean
}

const usual = (policy: PolicyName): readonly number[] =>
  policy === 'strided' ? DEFAULT_STRIDED_SPARSITY : DEFAULT_SPARSITY

/** Policy by policy. Failure: a request that the checkpoint or a policy cannot meet. */
export function choosePplLevels(checkpoint: Pruneable, options: PplOptions): Levels {
  const { sparsity: sparsities, shift: shifts, size: sizes, granularity, alpha } = options
  const named = options.policies?.filter((name) => name !== 'dense')
  const policies = named?.length === 0 ? options.policies : named
  const chosen = chooseLevels(checkpoint, { policies, sparsities, shifts, sizes, granularity }, usual)
  // Sparsity 0 is the dense model, exactly.
  const levels = chosen.filter((level) => level.policy !== 'dense' && requestedSparsity(level) !== 0)
  checkAlpha(alpha, checkpoint, chosen, levels)
  return {
    policies: levels.length > 0 ? [...new Set(levels.map(({ policy }) => policy))] : ['dense'],
    levels,
    denseOnly: policies === undefined && methodOf(checkpoint.config) === null,
  }
}

/** Alphas are those of the adaptive policy, the only one that can fade. */
function checkAlpha(
  alpha: readonly number[],
  { id, config }: Pruneable,
  chosen: readonly Level[],
  levels: readonly Level[],
): void {
  if (alpha.length === 0 || levels.some(({ policy }) => policy === 'adaptive')) return
  const [{ policy }] = chosen
  const why = isSizedPolicy(policy)
    ? `the ${policy} policy has no threshold`
    : config.interaction === null
      ? `checkpoint ${id} has no interaction weights`
      : 'nothing is dropped that it could change'
  throw new Failure(`--alpha ${alpha}: ${why}`, {
    hint: 'leave it out, or measure a level above 0 of --policy adaptive with a checkpoint that drops',
  })
}

/** Failure: a policy that cannot remove so much at one of these context lengths. */
export function checkReach(levels: readonly Level[], ctxs: readonly number[], model: Gpt2Config): void {
  for (const level of levels) for (const ctx of ctxs) knownRule(level, atContext(ctx), model)
}
