/** Levels and alphas -> the rules that are compared at one context length. Pure. */
import type { DropRule } from '../engine/gpt2/forward.js'
import { PATTERNS } from '../engine/patterns.js'
import type { RuleParts } from '../record/ppl-build.js'
import type { FoundLevel, Level } from './levels.js'

/** A rule as the record has it, before anything is scored. */
export type RuleHead = Omit<RuleParts, 'scores'>

export const DENSE_RULE: RuleHead = {
  rule: 'dense',
  requested: null,
  shift: null,
  pattern: null,
  alpha: null,
  calibration: null,
}

/** The pattern of a level; or the step function at its shift, then each alpha there. */
export function rulesOf(found: FoundLevel, alphas: readonly number[]): RuleHead[] {
  if (found.pattern !== null) return [{ rule: 'pattern', ...found, alpha: null }]
  return [
    { rule: 'step', ...found, alpha: null },
    ...alphas.map((alpha): RuleHead => ({ rule: 'soft', ...found, alpha, calibration: null })),
  ]
}

export function dropRule({ shift, pattern, alpha }: RuleHead): DropRule {
  if (pattern !== null) return PATTERNS[pattern.kind].rule(pattern.size)
  if (shift === null) return { kind: 'dense' }
  return alpha === null ? { kind: 'adaptive', shift } : { kind: 'soft', alpha, shift }
}

/** Kinds of rules beside the dense one. */
export function ruleKinds([level]: readonly Level[], alphas: readonly number[]): DropRule['kind'][] {
  if (level === undefined) return []
  if (level.kind === 'pattern') return [level.pattern]
  return alphas.length === 0 ? ['adaptive'] : ['adaptive', 'soft']
}
