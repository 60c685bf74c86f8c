/** Which tokens each configuration may drop: thresholds are found on the very text that is measured. */
import type { DecodeRule } from '../engine/decode/types.js'
import type { Engine } from '../engine/engine.js'
import { isSized, SIZED } from '../engine/policies/index.js'
import { calibrateText, type TextCalibration } from '../pruning/calibrate-text.js'
import { fitSize } from '../pruning/fit-size.js'
import { isSizedPolicy } from '../pruning/policy.js'
import type { BenchCalibration } from '../record/bench/schema.js'
import type { SizedRecord } from '../record/ppl/schema.js'
import type { Cell } from './cell.js'
import type { PreparedBench } from './prepare.js'

export interface RuleEvent {
  stage: 'calibrate'
  ctx: number
  sparsity: number
  evaluations: number
  shift: number
  found: number
}

export interface RuleHooks {
  signal?: AbortSignal
  onEvent?: (event: RuleEvent) => void
}

/** Gives every cell its rule. A shift is searched once for a sparsity and a length, on the first dtype's weights. */
export async function findRules(
  cells: readonly Cell[],
  engine: Engine,
  { tokens, model, options }: Pick<PreparedBench, 'tokens' | 'model' | 'options'>,
  { signal, onEvent }: RuleHooks,
): Promise<void> {
  const found = new Map<string, TextCalibration>()
  for (const cell of cells) {
    const { policy, group } = cell.configuration
    if (policy.name === 'dense') cell.rule = { kind: 'dense' }
    else if (isSizedPolicy(policy.name))
      cell.rule = fitSize(policy.name, [group.ctx], policy.sparsity ?? 0, `at ctx ${group.ctx}`)
    else if (model.source === 'random') cell.rule = { kind: 'synthetic', sparsity: policy.sparsity ?? 0 }
    else if (policy.sparsity === null) cell.rule = { kind: 'adaptive', shift: 0 }
    else {
      const { sparsity } = policy
      const key = `${sparsity} ${group.ctx}`
      const known = [...found].flatMap(([at, one]) => (at.endsWith(` ${group.ctx}`) ? one.evaluations : []))
      let evaluations = 0
      const calibration =
        found.get(key) ??
        (await calibrateText(engine, tokens, {
          ctx: group.ctx,
          sparsity,
          seed: options.seed,
          known,
          signal,
          onTry: (tried) =>
            onEvent?.({
              stage: 'calibrate',
              ctx: group.ctx,
              sparsity,
              evaluations: ++evaluations,
              shift: tried.shift,
              found: tried.sparsity,
            }),
        }))
      found.set(key, calibration)
      cell.rule = { kind: 'adaptive', shift: calibration.shift }
      cell.calibration = calibrationRecord(calibration)
    }
  }
}

function calibrationRecord({ sparsity, windows, evaluations }: TextCalibration): BenchCalibration {
  return {
    sample_sparsity: sparsity,
    windows,
    evaluations: evaluations.map(({ shift, sparsity: removed }) => ({ shift, sparsity: removed })),
  }
}

/** The shift of a rule that has one. */
export const shiftOf = (rule: DecodeRule | null): number | null =>
  rule?.kind === 'adaptive' ? rule.shift : null

/** The policy of a size that a rule is, if it is one. */
export const sizedOf = (rule: DecodeRule | null): SizedRecord | null =>
  rule !== null && isSized(rule)
    ? { policy: rule.kind, parameter: SIZED[rule.kind].parameter, size: rule.size }
    : null
