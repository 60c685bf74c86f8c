/** Which keys may be dropped of some inputs, and how many: the policy's rule, found on those inputs themselves. */
import type { Checkpoint } from '../data/checkpoint.js'
import type { Engine } from '../engine/engine.js'
import { type DropRule, KEEP_EVERYTHING } from '../engine/gpt2/forward.js'
import { isStatic, type SizedRule } from '../engine/policies/index.js'
import { Failure } from '../errors.js'
import { checkPolicy } from '../eval/prepare-run.js'
import { policyRecord } from '../eval/run-record.js'
import { type Calibration, calibrate } from '../pruning/calibrate.js'
import { fitSize } from '../pruning/fit-size.js'
import { isSizedPolicy, type PolicyChoice, type ScoringPolicyName } from '../pruning/policy.js'
import type { Evaluation } from '../pruning/shift-search.js'
import type { DeathCause } from '../record/drops/schema.js'
import type { PolicyRecord } from '../record/eval/schema.js'
import type { ModelOptions } from './options.js'

export interface PlannedRule {
  policy: PolicyChoice<ScoringPolicyName>
  /** Of a policy of a size, the rule that removes what was asked for. */
  sized: SizedRule | null
}

/**
 * Before a device is there: what the flags ask of the checkpoint.
 * @param lengths of the inputs, in tokens
 * Failure: the checkpoint or the policy cannot do it, or nothing would be dropped.
 */
export function planRule(
  checkpoint: Pick<Checkpoint, 'id' | 'config'>,
  asked: ModelOptions,
  lengths: readonly number[],
): PlannedRule {
  const { sparsity, shift } = asked
  if (shift !== undefined && sparsity !== undefined) {
    throw new Failure(`--shift ${shift}: takes the place of --sparsity, got --sparsity ${sparsity} as well`, {
      hint: 'give one of them',
    })
  }
  const policy = checkPolicy(checkpoint, asked)
  if (policy.name === 'dense') {
    const who = asked.policy === 'dense' ? '--policy dense' : checkpoint.id
    throw new Failure(`${who}: drops nothing that could be shown`, {
      hint: 'use a checkpoint fine-tuned for pruning such as --model asp-tiny, or another --policy with --sparsity',
    })
  }
  const sized = isSizedPolicy(policy.name)
    ? fitSize(policy.name, lengths, policy.sparsity ?? 0, 'of this text')
    : null
  return { policy, sized }
}

export interface SearchOptions {
  batchTokens?: number
  signal?: AbortSignal
  onTry?: (evaluation: Evaluation) => void
}

export interface FoundRule {
  rule: DropRule
  record: PolicyRecord
}

export async function findRule(
  engine: Engine,
  planned: PlannedRule & { checkpoint: Checkpoint; options: ModelOptions },
  inputs: readonly Uint32Array[],
  { batchTokens, signal, onTry }: SearchOptions = {},
): Promise<FoundRule> {
  const { policy, sized, options } = planned
  const began = performance.now()
  let found: Calibration | null = null
  if (sized === null && options.shift === undefined && policy.sparsity !== null && policy.sparsity > 0) {
    found = await calibrate(
      engine,
      inputs.map((input) => ({ input })),
      { sparsity: policy.sparsity, seed: options.seed, batchTokens, signal, onEvaluation: onTry },
    )
  }
  const own = policy.sparsity === 0 ? KEEP_EVERYTHING : 0
  const rule: DropRule = sized ?? { kind: 'adaptive', shift: options.shift ?? found?.shift ?? own }
  const seconds = (performance.now() - began) / 1000
  return { rule, record: policyRecord(planned, rule, found, seconds) }
}

/** What its death times name. */
export function causeOf(rule: DropRule): DeathCause {
  if (rule.kind === 'adaptive') return 'query'
  return isStatic(rule) ? 'position' : 'budget'
}
