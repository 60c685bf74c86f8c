/** How much is to be dropped: flags and checkpoint -> the levels that are measured beside the dense model. Pure. */
import type { Checkpoint } from '../data/checkpoint.js'
import { Failure } from '../errors.js'
import { choosePolicy, type PolicyName } from '../eval/policy.js'
import { DEFAULT_SPARSITY, type PplOptions } from './options.js'

/** A share of causal pairs, for which a shift is found at each context length, or a shift itself. */
export type Level = { kind: 'sparsity'; sparsity: number } | { kind: 'shift'; shift: number }

export interface Levels {
  /** Dense where there is no level. */
  policy: PolicyName
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

function unused(flag: string, why: string): Failure {
  return new Failure(`${flag}: ${why}`, {
    hint: 'leave it out, or measure a level above 0 with a checkpoint that drops',
  })
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
