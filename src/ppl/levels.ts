/** How much is to be dropped: flags and checkpoint -> the levels that are measured beside the dense model. Pure. */
import type { Checkpoint } from '../data/checkpoint.js'
import { PATTERNS, type PatternKind, sizeOf } from '../engine/patterns.js'
import { Failure } from '../errors.js'
import { fitPattern } from '../eval/fit-pattern.js'
import { choosePolicy, isPatternPolicy, type ScoringPolicyName } from '../eval/policy.js'
import type { PatternRecord, PplCalibration } from '../record/ppl-schema.js'
import { DEFAULT_SPARSITY, DEFAULT_STRIDED_SPARSITY, type PplOptions } from './options.js'

/**
 * A share of causal pairs, for which a shift is found at each context length; a shift itself; a share for which the size of a
 * pattern is counted at each context length.
 */
export type Level =
  | { kind: 'sparsity'; sparsity: number }
  | { kind: 'shift'; shift: number }
  | { kind: 'pattern'; pattern: PatternKind; sparsity: number }

/** A level at one context length. */
export interface FoundLevel {
  requested: number | null
  /** Null where a pattern decides, as the pattern is where a shift does. */
  shift: number | null
  pattern: PatternRecord | null
  calibration: PplCalibration | null
}

export interface Levels {
  /** Dense where there is no level. */
  policy: ScoringPolicyName
  /** Without the dense model, which is measured always. */
  levels: Level[]
  /** The checkpoint cannot drop, and was not asked to. */
  denseOnly: boolean
}

/** Failure: a request the checkpoint cannot meet. */
export function chooseLevels(
  checkpoint: Pick<Checkpoint, 'id' | 'config'>,
  { policy, sparsity, shift, alpha }: PplOptions,
): Levels {
  const canDrop = checkpoint.config.interaction !== null
  const asked = sparsity?.find((share) => !(share >= 0 && share < 1)) ?? sparsity?.find((share) => share > 0)
  const choice = choosePolicy(checkpoint, { policy, sparsity: asked })
  if (isPatternPolicy(choice.name)) {
    const why = `the ${choice.name} policy goes by position and has no threshold`
    if (shift !== undefined) throw unused(`--shift ${shift}`, why, 'use --policy adaptive')
    if (alpha.length > 0) throw unused(`--alpha ${alpha}`, why, 'use --policy adaptive')
    const usual = choice.name === 'strided' ? DEFAULT_STRIDED_SPARSITY : DEFAULT_SPARSITY
    const levels = patternLevels(choice.name, sparsity ?? usual)
    return { policy: levels.length === 0 ? 'dense' : choice.name, levels, denseOnly: false }
  }
  const levels =
    choice.name === 'dense'
      ? []
      : levelsOf(sparsity ?? (shift === undefined ? DEFAULT_SPARSITY : []), shift ?? [])
  const why = canDrop
    ? 'nothing is dropped that it could change'
    : `checkpoint ${checkpoint.id} has no interaction weights`
  if (levels.length === 0 && shift !== undefined) throw unused(`--shift ${shift}`, why)
  if (levels.length === 0 && alpha.length > 0) throw unused(`--alpha ${alpha}`, why)
  return { policy: levels.length === 0 ? 'dense' : choice.name, levels, denseOnly: !canDrop }
}

function unused(
  flag: string,
  why: string,
  or = 'measure a level above 0 with a checkpoint that drops',
): Failure {
  return new Failure(`${flag}: ${why}`, { hint: `leave it out, or ${or}` })
}

function levelsOf(sparsities: readonly number[], shifts: readonly number[]): Level[] {
  return [
    // Sparsity 0 is the dense model, exactly.
    ...sparsities
      .filter((sparsity) => sparsity > 0)
      .map((sparsity): Level => ({ kind: 'sparsity', sparsity })),
    ...shifts.map((shift): Level => ({ kind: 'shift', shift })),
  ]
}

function patternLevels(pattern: PatternKind, sparsities: readonly number[]): Level[] {
  return sparsities
    .filter((sparsity) => sparsity > 0)
    .map((sparsity): Level => ({ kind: 'pattern', pattern, sparsity }))
}

/** By counting alone. Failure: the pattern cannot remove so much at this length. */
export function fitLevel({ pattern, sparsity }: Level & { kind: 'pattern' }, ctx: number): FoundLevel {
  const rule = fitPattern(pattern, [ctx], sparsity, `at ctx ${ctx}`)
  return {
    requested: sparsity,
    shift: null,
    pattern: { kind: pattern, parameter: PATTERNS[pattern].parameter, size: sizeOf(rule) },
    calibration: null,
  }
}
