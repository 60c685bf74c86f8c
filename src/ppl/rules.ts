/** Levels and alphas -> the rules that are compared at one context length. Pure. */
import type { DropRule, HardRule } from '../engine/rules.js'
import { type Level, requestedSparsity, ruleKindOf } from '../pruning/level.js'
import { shiftOf, sizedOf } from '../pruning/policy-record.js'
import type { TimedCalibration } from '../pruning/resolve.js'
import type { RuleParts } from '../record/ppl/build.js'
import type { PplCalibration } from '../record/ppl/schema.js'

/** What the record says of a rule before anything is scored, and the rule. */
export interface PlannedRule {
  head: Omit<RuleParts, 'scores'>
  rule: DropRule
}

/** A level at one context length. */
export interface FoundLevel {
  level: Level
  rule: HardRule
  calibration: TimedCalibration | null
}

/** Whether a level has a soft rule beside its hard one. */
const fades = ({ policy }: Level): boolean => policy === 'adaptive'

const DENSE_HEAD = {
  policy: 'dense',
  rule: 'dense',
  requested: null,
  shift: null,
  sized: null,
  alpha: null,
  calibration: null,
} as const

export const DENSE_RULE: PlannedRule = { head: DENSE_HEAD, rule: { kind: 'dense' } }

/** The policy of a level; or the step function at its shift, then each alpha there. */
export function rulesOf({ level, rule, calibration }: FoundLevel, alphas: readonly number[]): PlannedRule[] {
  const shift = shiftOf(rule)
  const sized = sizedOf(rule)
  // In the order that records have always had.
  const head = (kind: RuleParts['rule'], alpha: number | null): PlannedRule['head'] => ({
    policy: level.policy,
    rule: kind,
    requested: requestedSparsity(level),
    shift,
    sized,
    calibration: kind === 'soft' || calibration === null ? null : calibrationRecord(calibration),
    alpha,
  })
  const hard: PlannedRule = { head: head(sized === null ? 'step' : 'sized', null), rule }
  if (shift === null || !fades(level)) return [hard]
  return [
    hard,
    ...alphas.map(
      (alpha): PlannedRule => ({ head: head('soft', alpha), rule: { kind: 'soft', alpha, shift } }),
    ),
  ]
}

/** What the rules of all levels will be, as far as it is known before shifts and sizes are. */
export function plannedHeads(
  levels: readonly Level[],
  alphas: readonly number[],
): Pick<RuleParts, 'policy' | 'requested' | 'alpha'>[] {
  const heads = levels.flatMap((level) => {
    const { policy } = level
    const all = fades(level) ? [null, ...alphas] : [null]
    return all.map((alpha) => ({ policy, requested: requestedSparsity(level), alpha }))
  })
  return [DENSE_HEAD, ...heads]
}

/** Kinds of rules beside the dense one, each once. */
export function ruleKinds(levels: readonly Level[], alphas: readonly number[]): DropRule['kind'][] {
  const soft: DropRule['kind'][] = alphas.length === 0 ? [] : ['soft']
  const kinds = levels.flatMap((level) => [ruleKindOf(level.policy), ...(fades(level) ? soft : [])])
  return [...new Set(kinds)]
}

function calibrationRecord({ sequences, evaluations, sparsity, seconds }: TimedCalibration): PplCalibration {
  return {
    method:
      'one shift shared by all layers, searched along the log-odds of S_pair, on windows evenly out of those scored',
    windows: sequences,
    evaluations: evaluations.map(({ requests, ...at }) => ({ ...at, windows: requests })),
    sample_sparsity: sparsity,
    seconds,
  }
}
