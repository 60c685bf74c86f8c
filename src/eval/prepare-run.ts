/** Everything of a run that can be checked before a device is opened; every bad input ends here. */
import type { Checkpoint } from '../data/checkpoint.js'
import type { HardRule } from '../engine/rules.js'
import { chooseLevel, type LevelFlags } from '../pruning/choose.js'
import type { Level } from '../pruning/level.js'
import { knownRule, type Lengths } from '../pruning/resolve.js'
import type { Task } from '../suites/task.js'
import { type PreparedTasks, type PrepareHooks, prepareTasks, type SuiteOptions } from './prepare-tasks.js'

export interface RunOptions extends SuiteOptions, LevelFlags {}

export interface PreparedRun extends PreparedTasks {
  level: Level
  /** Null where a shift has to be searched. */
  rule: HardRule | null
}

export async function prepareRun(options: RunOptions, hooks: PrepareHooks = {}): Promise<PreparedRun> {
  const level = (checkpoint: Checkpoint): Level => chooseLevel(checkpoint, options)
  const { tasks, plan } = await prepareTasks(options, level, hooks)
  return atLevel(tasks, plan)
}

/**
 * The tasks as they are run at one level. A size is counted on the requests of the whole run, also in a shard, as a shift is found on
 * them. Failure: the policy cannot remove so much of these requests.
 */
export function atLevel(prepared: PreparedTasks, level: Level): PreparedRun {
  return { ...prepared, level, rule: knownRule(level, requestLengths(prepared.tasks)) }
}

export function requestLengths(tasks: readonly Task[]): Lengths {
  const lengths = tasks.flatMap(({ requests }) => requests.map(({ input }) => input.length))
  return { lengths, where: 'of these requests' }
}
