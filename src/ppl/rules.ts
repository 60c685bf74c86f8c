/** Levels and alphas -> the rules that are compared at one context length. Pure. */
import type { DropRule } from '../engine/gpt2/forward.js'
import { type SizedKind, sizedRule } from '../engine/policies/index.js'
import type { RuleParts } from '../record/ppl/build.js'
import type { FoundLevel, Level } from './levels.js'

/** A rule as the record has it, before anything is scored. */
export type RuleHead = Omit<RuleParts, 'scores'>

export const DENSE_RULE: RuleHead = {
  policy: 'dense',
  rule: 'dense',
  requested: null,
  shift: null,
  sized: null,
  alpha: null,
  calibration: null,
}

/** The policy of a level; or the step function at its shift, then each alpha there. */
export function rulesOf(found: FoundLevel, alphas: readonly number[]): RuleHead[] {
  if (found.sized !== null) return [{ policy: found.sized.policy, rule: 'sized', ...found, alpha: null }]
  const policy = 'adaptive'
  return [
    { policy, rule: 'step', ...found, alpha: null },
    ...alphas.map((alpha): RuleHead => ({ policy, rule: 'soft', ...found, alpha, calibration: null })),
  ]
}

/** What the rules of all levels will be, as far as it is known before shifts and sizes are. */
export function plannedRules(
  levels: readonly Level[],
  alphas: readonly number[],
): Pick<RuleHead, 'policy' | 'requested' | 'alpha'>[] {
  const rules = levels.flatMap((level) => {
    const requested = 'sparsity' in level ? level.sparsity : null
    if ('policy' in level) return [{ policy: level.policy, requested, alpha: null }]
    return [null, ...alphas].map((alpha) => ({ policy: 'adaptive', requested, alpha }))
  })
  return [DENSE_RULE, ...rules]
}

export function dropRule({ shift, sized, alpha }: RuleHead): DropRule {
  if (sized !== null) return sizedRule(sized.policy as SizedKind, sized.size)
  if (shift === null) return { kind: 'dense' }
  return alpha === null ? { kind: 'adaptive', shift } : { kind: 'soft', alpha, shift }
}

/** Kinds of rules beside the dense one, each once. */
export function ruleKinds(levels: readonly Level[], alphas: readonly number[]): DropRule['kind'][] {
  const kinds = levels.flatMap((level): DropRule['kind'][] => {
    if ('policy' in level) return [level.policy]
    return alphas.length === 0 ? ['adaptive'] : ['adaptive', 'soft']
  })
  return [...new Set(kinds)]
}
