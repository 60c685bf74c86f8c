/** Everything of a run that can be checked before a device is opened; every bad input ends here. */
import type { Checkpoint } from '../data/checkpoint.js'
import { SIZED, type SizedRule, sizedRule } from '../engine/policies/index.js'
import { Failure } from '../errors.js'
import { fitSize, givenSize } from '../pruning/fit-size.js'
import {
  choosePolicy,
  isSizedPolicy,
  missingShare,
  type PolicyChoice,
  type ScoringPolicyName,
} from '../pruning/policy.js'
import type { Task } from '../suites/task.js'
import { type PreparedTasks, type PrepareHooks, prepareTasks, type SuiteOptions } from './prepare-tasks.js'

/** What may be dropped. */
export interface PolicyOptions {
  policy?: ScoringPolicyName
  sparsity?: number
  /** Added to every drop score, instead of finding the shift that `sparsity` needs. */
  shift?: number
  /** Window, stride or budget, instead of the one that `sparsity` needs. */
  size?: number
}

export interface RunOptions extends SuiteOptions, PolicyOptions {}

export interface PreparedRun extends PreparedTasks {
  options: RunOptions
  policy: PolicyChoice<ScoringPolicyName>
  /** Of a policy of a size, the rule that removes what was asked for. */
  sized: SizedRule | null
}

export async function prepareRun(options: RunOptions, hooks: PrepareHooks = {}): Promise<PreparedRun> {
  const prepared = await prepareTasks(options, (checkpoint) => checkPolicy(checkpoint, options), hooks)
  return withPolicy(prepared, options)
}

/** The tasks as they are run under one policy. Failure: what the checkpoint or the policy cannot do. */
export function withPolicy(prepared: PreparedTasks, asked: PolicyOptions): PreparedRun {
  const policy = checkPolicy(prepared.checkpoint, asked)
  const { policy: name, sparsity, shift, size } = asked
  const options = { ...prepared.options, policy: name, sparsity, shift, size }
  return { ...prepared, options, policy, sized: sizedOf(policy, size, prepared.tasks) }
}

/** Failure: a request the checkpoint cannot meet. */
export function checkPolicy(
  checkpoint: Pick<Checkpoint, 'id' | 'config'>,
  { policy, sparsity, shift, size }: PolicyOptions,
): PolicyChoice<ScoringPolicyName> {
  const choice = choosePolicy(checkpoint, { policy, sparsity })
  checkSize(size, choice)
  checkShift(shift, choice)
  return choice
}

/** By the requests of the whole run, also in a shard, as a shift is. */
function sizedOf(
  { name, sparsity }: PolicyChoice<ScoringPolicyName>,
  size: number | undefined,
  tasks: readonly Task[],
): SizedRule | null {
  if (!isSizedPolicy(name)) return null
  if (size !== undefined) return sizedRule(name, size)
  const lengths = tasks.flatMap(({ requests }) => requests.map(({ input }) => input.length))
  return fitSize(name, lengths, sparsity ?? 0, 'of these requests')
}

function checkSize(size: number | undefined, { name, sparsity }: PolicyChoice<ScoringPolicyName>): void {
  if (!isSizedPolicy(name)) {
    if (size === undefined) return
    throw new Failure(`--size ${size}: the ${name} policy has no size`, { hint: 'leave --size out' })
  }
  const { parameter } = SIZED[name]
  if (size !== undefined && sparsity !== null) {
    throw new Failure(`--size ${size}: --sparsity ${sparsity} decides the ${parameter} already`, {
      hint: 'give one of the two',
    })
  }
  if (size === undefined && sparsity === null) {
    throw missingShare(name, `add --sparsity 0.8, or its ${parameter} in tokens: --size 32`)
  }
  if (size !== undefined) givenSize(name, size)
}

function checkShift(shift: number | undefined, { name }: PolicyChoice<ScoringPolicyName>): void {
  if (shift === undefined) return
  if (name !== 'adaptive') {
    throw new Failure(`--shift ${shift}: the ${name} policy has no threshold`, { hint: 'leave --shift out' })
  }
  if (!Number.isFinite(shift)) {
    throw new Failure(`--shift: must be a number, got ${shift}`, {
      hint: 'policy.threshold_shift of an earlier record, for example',
    })
  }
}
