/** Everything of a run that can be checked before a device is opened; every bad input ends here. */
import type { Checkpoint } from '../data/checkpoint.js'
import type { HardRule } from '../engine/rules.js'
import { chooseLevel, type LevelFlags } from '../pruning/choose.js'
import { type Level, requestedSparsity } from '../pruning/level.js'
import { knownRule } from '../pruning/resolve.js'
import type { CalibrationScope } from '../record/names.js'
import type { Task } from '../suites/task.js'
import { type PreparedTasks, type PrepareHooks, prepareTasks, type SuiteOptions } from './prepare-tasks.js'

export interface RunOptions extends SuiteOptions, LevelFlags {
  /** Over what the requested share is reached; each suite by itself when undefined. */
  calibrate?: CalibrationScope
}

/** Tasks over which a share is reached together. */
export interface RulePart {
  tasks: readonly Task[]
  /** Null where a shift has to be searched. */
  rule: HardRule | null
}

export interface PreparedRun extends PreparedTasks {
  level: Level
  /** Null where no share is requested. */
  scope: CalibrationScope | null
  parts: RulePart[]
}

export async function prepareRun(options: RunOptions, hooks: PrepareHooks = {}): Promise<PreparedRun> {
  const level = (checkpoint: Checkpoint): Level => chooseLevel(checkpoint, options)
  const { tasks, plan } = await prepareTasks(options, level, hooks)
  return atLevel(tasks, plan, options.calibrate)
}

/**
 * The tasks as they are run at one level. Sizes are counted on the requests of the whole run, also in a shard, as shifts are found on
 * them. Failure: the policy cannot remove so much of the pooled requests; a suite by itself gets what comes nearest.
 */
export function atLevel(
  prepared: PreparedTasks,
  level: Level,
  calibrate: CalibrationScope = 'suite',
): PreparedRun {
  const { tasks } = prepared
  const scope = requestedSparsity(level) === null ? null : calibrate
  const sets = scope === 'suite' ? tasks.map((task) => [task]) : [tasks]
  const parts = sets.map((some): RulePart => {
    const counted = {
      extents: some.flatMap(({ requests }) =>
        requests.map(({ input: { length }, frozenFrom }) => ({ length, frozenFrom })),
      ),
      where: scope === 'suite' ? null : 'of these requests',
    }
    return { tasks: some, rule: knownRule(level, counted, prepared.checkpoint.config) }
  })
  return { ...prepared, level, scope, parts }
}
