/** A level and the sequences it is for -> the rule that removes as much: the only place where one becomes the other. */

import { sizedRule } from '../engine/policies/index.js'
import type { Depth } from '../engine/policies/policy.js'
import type { HardRule } from '../engine/rules.js'
import { stopwatch } from '../run/stopwatch.js'
import type { Calibration } from './calibrate.js'
import { type Extent, fitSize, nearestSize } from './fit-size.js'
import { isSizedLevel, type Level, needsSearch, requestedSparsity } from './level.js'

/** What a size is counted on. */
export interface Counted {
  extents: readonly Extent[]
  /** Where they are, for messages: `of these requests`, `at ctx 1024`. Null: what comes nearest will do where a share is out of reach. */
  where: string | null
}

export const atContext = (ctx: number): Counted => ({ extents: [{ length: ctx }], where: `at ctx ${ctx}` })

export interface TimedCalibration extends Calibration {
  seconds: number
}

export interface Resolved {
  rule: HardRule
  /** How the shift was found; null where none was searched. */
  calibration: TimedCalibration | null
}

/** The rule of a level of this model that needs no search, else null. Failure: the policy cannot remove so much of these sequences. */
export function knownRule(level: Level, { extents, where }: Counted, model: Depth): HardRule | null {
  if (needsSearch(level)) return null
  if (level.policy === 'dense') return { kind: 'dense' }
  if (isSizedLevel(level)) {
    const { policy, target, granularity } = level
    const own = granularity === undefined ? {} : { granularity }
    if (target.kind === 'size') return { ...sizedRule(policy, target.size), ...own }
    if (where === null) return { ...nearestSize(policy, extents, target.sparsity, model).rule, ...own }
    return { ...fitSize(policy, extents, target.sparsity, where, model), ...own }
  }
  const { target } = level
  // The only share that is not searched for is 0.
  if (target.kind === 'sparsity') return { kind: 'keep-all' }
  return { kind: 'adaptive', shift: target.kind === 'shift' ? target.shift : 0 }
}

/**
 * @param known the level's rule, where it needs no search
 * @param search finds the shift for a share above 0; what it throws is passed on
 */
export async function resolveLevel(
  level: Level,
  known: HardRule | null,
  search: (sparsity: number) => Promise<Calibration>,
): Promise<Resolved> {
  if (known !== null) return { rule: known, calibration: null }
  const lap = stopwatch()
  const found = await search(requestedSparsity(level) ?? 0)
  return { rule: { kind: 'adaptive', shift: found.shift }, calibration: { ...found, seconds: lap() } }
}
