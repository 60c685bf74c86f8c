/** Which keys may be dropped of some inputs, and how many: the level's rule, found on those inputs themselves. */
import { PRUNING_CHECKPOINT } from '../data/bundled.js'
import type { Checkpoint } from '../data/checkpoint.js'
import type { Engine } from '../engine/engine.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import { isStatic } from '../engine/policies/index.js'
import { type HardRule, isThreshold } from '../engine/rules.js'
import { Failure } from '../errors.js'
import { calibrate, REQUESTS } from '../pruning/calibrate.js'
import { chooseLevel, type LevelFlags, type Pruneable } from '../pruning/choose.js'
import type { Level } from '../pruning/level.js'
import { policyRecord } from '../pruning/policy-record.js'
import { knownRule, resolveLevel } from '../pruning/resolve.js'
import type { Evaluation } from '../pruning/search.js'
import type { PolicyRecord } from '../record/common.js'
import type { DeathCause } from '../record/drops/schema.js'

export interface PlannedLevel {
  level: Level
  /** Its rule; null where a shift has to be searched. */
  known: HardRule | null
}

/**
 * Before a device is there: what the flags ask of the checkpoint.
 * @param lengths of the inputs, in tokens
 * Failure: the checkpoint or the policy cannot do it, or nothing would be dropped.
 */
export function planLevel(
  checkpoint: Pruneable,
  flags: LevelFlags,
  lengths: readonly number[],
): PlannedLevel {
  const level = chooseLevel(checkpoint, flags)
  if (level.policy === 'dense') {
    const who = flags.policy === 'dense' ? '--policy dense' : checkpoint.id
    throw new Failure(`${who}: drops nothing that could be shown`, {
      hint: `use ${PRUNING_CHECKPOINT}, or another --policy with --sparsity`,
    })
  }
  return {
    level,
    known: knownRule(
      level,
      { extents: lengths.map((length) => ({ length })), where: 'of this text' },
      checkpoint.config,
    ),
  }
}

export interface SearchOptions {
  seed: number
  batchTokens?: number
  signal?: AbortSignal
  onTry?: (evaluation: Evaluation) => void
}

export interface FoundRule {
  rule: HardRule
  record: PolicyRecord
}

export async function findRule(
  engine: Engine,
  { level, known, checkpoint }: PlannedLevel & { checkpoint: Checkpoint },
  inputs: readonly Uint32Array[],
  options: SearchOptions,
): Promise<FoundRule> {
  const { rule, calibration } = await resolveLevel(level, known, (sparsity) =>
    calibrate(
      engine,
      inputs.map((tokens) => ({ tokens })),
      { sparsity, sample: REQUESTS, ...options },
    ),
  )
  return { rule, record: policyRecord(level, checkpoint.config, rule, calibration, options.seed) }
}

/** What its death times name. */
export function causeOf(
  rule: HardRule,
  { gate, selective }: Pick<Gpt2Config, 'gate' | 'selective'>,
): DeathCause {
  if (isThreshold(rule)) return selective ? 'selection' : gate === null ? 'query' : 'birth'
  return isStatic(rule) ? 'position' : 'budget'
}
