/** What a record says of a policy and how its rule was found. Pure. */
import type { Gpt2Config } from '../engine/gpt2/config.js'
import { isSized, SIZED } from '../engine/policies/index.js'
import type { DropRule } from '../engine/rules.js'
import type { CalibrationRecord, FoundPolicy, PolicyRecord, SizedRecord } from '../record/common.js'
import { type Level, requestedSparsity } from './level.js'
import type { TimedCalibration } from './resolve.js'

interface Rule {
  kind: string
}

/** The shift that a rule adds to drop scores; null where none decides, or nothing can be dropped with it. */
export const shiftOf = (rule: Rule | null): number | null =>
  rule?.kind === 'adaptive' ? (rule as Extract<DropRule, { kind: 'adaptive' }>).shift : null

/** The policy of a size that a rule is, if it is one. */
export function sizedOf(rule: Rule | null): SizedRecord | null {
  if (rule === null || !isSized(rule)) return null
  const sized = { policy: rule.kind, parameter: SIZED[rule.kind].parameter, size: rule.size }
  return { ...sized, ...granularityOf(rule) }
}

/** Said only where heads decide for themselves. */
const granularityOf = (level: object): { granularity?: 'head' } =>
  'granularity' in level && level.granularity === 'head' ? { granularity: 'head' } : {}

/** `rule` null: the run was stopped before a shift was found. */
export function policyRecord(...found: Parameters<typeof foundPolicy>): PolicyRecord {
  return { name: found[0].policy, ...foundPolicy(...found) }
}

export function foundPolicy(
  level: Level,
  { interaction, gate }: Pick<Gpt2Config, 'interaction' | 'gate'>,
  rule: DropRule | null,
  calibration: TimedCalibration | null,
  seed: number,
): FoundPolicy {
  return {
    parameters: {
      ...(level.policy === 'adaptive' && {
        propagate_in_depth: interaction?.propagateInDepth ?? false,
        ...(interaction?.grace && { grace: interaction.grace }),
      }),
      ...(level.policy === 'kvzap' &&
        gate?.method === 'kvzap' && { window: gate.window, threshold: gate.threshold }),
      ...(rule !== null && isSized(rule) && SIZED[rule.kind].parameters(rule.size)),
      ...granularityOf(level),
    },
    threshold_shift: shiftOf(rule),
    calibration: calibration && calibrationRecord(calibration, requestedSparsity(level) ?? 0, seed),
  }
}

function calibrationRecord(
  { sequences, tokens, sparsity, evaluations, seconds }: TimedCalibration,
  requested: number,
  seed: number,
): CalibrationRecord {
  return {
    requested,
    method:
      'one shift shared by all layers, searched along the log-odds of S_pair, on requests sampled evenly over their lengths',
    seed,
    requests: sequences,
    tokens,
    evaluations,
    sample_sparsity: sparsity,
    seconds,
  }
}
