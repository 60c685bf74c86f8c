/** How much is to be dropped: flags and checkpoint -> the levels that are measured beside the dense model. Pure. */
import type { Checkpoint } from '../data/checkpoint.js'
import { SIZED, type SizedKind } from '../engine/policies/index.js'
import { Failure } from '../errors.js'
import { fitSize, givenSize } from '../pruning/fit-size.js'
import { choosePolicy, isSizedPolicy, type ScoringPolicyName } from '../pruning/policy.js'
import type { PplCalibration, SizedRecord } from '../record/ppl/schema.js'
import { DEFAULT_SPARSITY, DEFAULT_STRIDED_SPARSITY, type PplOptions } from './options.js'

/**
 * A share of causal pairs, for which a shift is found at each context length; a shift itself; a share for which the size of a
 * policy is counted at each context length; a size itself.
 */
export type Level =
  | { kind: 'sparsity'; sparsity: number }
  | { kind: 'shift'; shift: number }
  | { kind: 'sized'; policy: SizedKind; sparsity: number }
  | { kind: 'size'; policy: SizedKind; size: number }

/** A level at one context length. */
export interface FoundLevel {
  requested: number | null
  /** Null where a policy of a size decides, as the policy is where a shift does. */
  shift: number | null
  sized: SizedRecord | null
  calibration: PplCalibration | null
}

export interface Levels {
  /** Those that have a level; the dense one alone where there is none. */
  policies: ScoringPolicyName[]
  /** Without the dense model, which is measured always. */
  levels: Level[]
  /** The checkpoint cannot drop, and was not asked to. */
  denseOnly: boolean
}

type Model = Pick<Checkpoint, 'id' | 'config'>

/** Policy by policy. Failure: a request the checkpoint cannot meet. */
export function chooseLevels(checkpoint: Model, options: PplOptions): Levels {
  const asked = [...new Set(options.policies ?? [])]
  // The dense model is measured in any case.
  const others = asked.filter((name) => name !== 'dense')
  const named = others.length > 0 ? others : [asked[0]]
  // Where several are compared, alphas are those of the one that can fade.
  const fades = others.includes('adaptive')
  const chosen = named.map((policy) =>
    levelsOfPolicy(checkpoint, policy, {
      ...options,
      alpha: !fades || policy === 'adaptive' ? options.alpha : [],
    }),
  )
  const policies = chosen.flatMap(({ policy, levels }) => (levels.length > 0 ? [policy] : []))
  return {
    policies: policies.length > 0 ? policies : ['dense'],
    levels: chosen.flatMap(({ levels }) => levels),
    denseOnly: chosen.every(({ denseOnly }) => denseOnly),
  }
}

function levelsOfPolicy(
  checkpoint: Model,
  policy: ScoringPolicyName | undefined,
  { sparsity, shift, size, alpha }: PplOptions,
): Pick<Levels, 'levels' | 'denseOnly'> & { policy: ScoringPolicyName } {
  const canDrop = checkpoint.config.interaction !== null
  const asked = sparsity?.find((share) => !(share >= 0 && share < 1)) ?? sparsity?.find((share) => share > 0)
  const choice = choosePolicy(checkpoint, { policy, sparsity: asked })
  if (isSizedPolicy(choice.name)) {
    const why = `the ${choice.name} policy has no threshold`
    if (shift !== undefined) throw unused(`--shift ${shift}`, why, 'use --policy adaptive')
    if (alpha.length > 0) throw unused(`--alpha ${alpha}`, why, 'use --policy adaptive')
    if (size !== undefined)
      return { policy: choice.name, levels: givenLevels(choice.name, size), denseOnly: false }
    const usual = choice.name === 'strided' ? DEFAULT_STRIDED_SPARSITY : DEFAULT_SPARSITY
    const levels = sizedLevels(choice.name, sparsity ?? usual)
    return { policy: choice.name, levels, denseOnly: false }
  }
  if (size !== undefined) {
    throw unused(
      `--size ${size}`,
      `the ${choice.name} policy has no size`,
      'name one that has, such as --policy local',
    )
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
  return { policy: choice.name, levels, denseOnly: !canDrop }
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

function sizedLevels(policy: SizedKind, sparsities: readonly number[]): Level[] {
  return sparsities
    .filter((sparsity) => sparsity > 0)
    .map((sparsity): Level => ({ kind: 'sized', policy, sparsity }))
}

function givenLevels(policy: SizedKind, sizes: readonly number[]): Level[] {
  return sizes.map((size): Level => ({ kind: 'size', policy, size: givenSize(policy, size).size }))
}

/** By counting alone, where a share was asked for. Failure: the policy cannot remove so much at this length. */
export function fitLevel(level: Level & { kind: 'sized' | 'size' }, ctx: number): FoundLevel {
  const { policy } = level
  const { size } = level.kind === 'size' ? level : fitSize(policy, [ctx], level.sparsity, `at ctx ${ctx}`)
  return {
    requested: level.kind === 'size' ? null : level.sparsity,
    shift: null,
    sized: { policy, parameter: SIZED[policy].parameter, size },
    calibration: null,
  }
}
