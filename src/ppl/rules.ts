/** Levels and alphas -> the rules that are compared at one context length. Pure. */
import type { DropRule } from '../engine/gpt2/forward.js'
import { type SizedKind, sizedRule } from '../engine/policies/index.js'
import type { RuleParts } from '../record/ppl-build.js'
import type { FoundLevel, Level } from './levels.js'

/** A rule as the record has it, before anything is scored. */
export type RuleHead = Omit<RuleParts, 'scores'>

export const DENSE_RULE: RuleHead = {
  rule: 'dense',
  requested: null,
  shift: null,
  sized: null,
  alpha: null,
  calibration: null,
}

/** The policy of a level; or the step function at its shift, then each alpha there. */
export function rulesOf(found: FoundLevel, alphas: readonly number[]): RuleHead[] {
  if (found.sized !== null) return [{ rule: 'sized', ...found, alpha: null }]
  return [
    { rule: 'step', ...found, alpha: null },
    ...alphas.map((alpha): RuleHead => ({ rule: 'soft', ...found, alpha, calibration: null })),
  ]
}

export function dropRule({ shift, sized, alpha }: RuleHead): DropRule {
  if (sized !== null) return sizedRule(sized.policy as SizedKind, sized.size)
  if (shift === null) return { kind: 'dense' }
  return alpha === null ? { kind: 'adaptive', shift } : { kind: 'soft', alpha, shift }
}

/** Kinds of rules beside the dense one. */
export function ruleKinds([level]: readonly Level[], alphas: readonly number[]): DropRule['kind'][] {
  if (level === undefined) return []
  if (level.kind === 'sized') return [level.policy]
  return alphas.length === 0 ? ['adaptive'] : ['adaptive', 'soft']
}
