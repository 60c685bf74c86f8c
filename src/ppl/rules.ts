/** Levels and alphas -> the rules that are compared at one context length. Pure. */
import type { DropRule } from '../engine/gpt2/forward.js'
import type { RuleParts } from '../record/ppl-build.js'
import type { FoundLevel } from './find-levels.js'

/** A rule as the record has it, before anything is scored. */
export type RuleHead = Omit<RuleParts, 'scores'>

export const DENSE_RULE: RuleHead = {
  rule: 'dense',
  requested: null,
  shift: null,
  alpha: null,
  calibration: null,
}

/** The step function at a level, then each alpha at the same shift. */
export function rulesOf(
  { requested, shift, calibration }: FoundLevel,
  alphas: readonly number[],
): RuleHead[] {
  return [
    { rule: 'step', requested, shift, alpha: null, calibration },
    ...alphas.map((alpha): RuleHead => ({ rule: 'soft', requested, shift, alpha, calibration: null })),
  ]
}

export function dropRule({ shift, alpha }: RuleHead): DropRule {
  if (shift === null) return { kind: 'dense' }
  return alpha === null ? { kind: 'adaptive', shift } : { kind: 'soft', alpha, shift }
}

export function ruleKinds(levels: number, alphas: readonly number[]): DropRule['kind'][] {
  if (levels === 0) return []
  return alphas.length === 0 ? ['adaptive'] : ['adaptive', 'soft']
}
