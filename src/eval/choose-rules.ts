/** A prepared run -> the rules it drops tokens by: an interrupted run's, those that are known, and those that have to be found. */
import type { Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import { isAbort } from '../errors.js'
import { calibrate, REQUESTS } from '../pruning/calibrate.js'
import { foundPolicy } from '../pruning/policy-record.js'
import { type Resolved, resolveLevel } from '../pruning/resolve.js'
import type { FoundPolicy, PolicyRecord } from '../record/common.js'
import type { PreparedRun, RulePart } from './prepare-run.js'
import type { EarlierRun } from './resume.js'

/** By what a task drops tokens, and what the record says of it. */
export interface TaskRule {
  /** Null when the run was stopped before a shift was found: it scores nothing. */
  rule: DropRule | null
  found: FoundPolicy
}

export interface SearchOptions {
  batchTokens: number
  signal?: AbortSignal
  /** `suite`: whose shift is searched; null where it is one of all. */
  onTry?: (tried: { shift: number; sparsity: number }, suite: string | null) => void
}

/** By task. */
export async function chooseRules(
  engine: Engine,
  prepared: PreparedRun,
  earlier: EarlierRun | null,
  search: SearchOptions,
): Promise<Map<string, TaskRule>> {
  const rules = new Map<string, TaskRule>()
  for (const part of prepared.parts) {
    const rule = await chooseRule(engine, prepared, part, earlier, search)
    for (const { suite } of part.tasks) rules.set(suite.name, rule)
  }
  return rules
}

async function chooseRule(
  engine: Engine,
  { level, scope, checkpoint, options: { seed } }: PreparedRun,
  { tasks, rule: known }: RulePart,
  earlier: EarlierRun | null,
  { onTry, ...search }: SearchOptions,
): Promise<TaskRule> {
  const [{ suite }] = tasks
  const found = earlier?.record.tasks[suite.name]?.policy
  if (known === null && found !== undefined && found.threshold_shift !== null) {
    // Found before the interruption: searching again could only find it again.
    return { rule: { kind: 'adaptive', shift: found.threshold_shift }, found }
  }
  const sequences = tasks.flatMap(({ requests }) =>
    requests.map(({ input, frozenFrom }) => ({ tokens: input, frozenFrom })),
  )
  const one = scope === 'suite' ? suite.name : null
  const resolved: Resolved | null = await resolveLevel(level, known, (sparsity) =>
    calibrate(engine, sequences, {
      sparsity,
      seed,
      sample: REQUESTS,
      ...search,
      onTry: (tried) => onTry?.(tried, one),
    }),
  ).catch((error: unknown) => {
    if (isAbort(error, search.signal)) return null
    throw error
  })
  const rule = resolved?.rule ?? null
  return { rule, found: foundPolicy(level, checkpoint.config, rule, resolved?.calibration ?? null, seed) }
}

/** What all tasks of a run share of their policy; a calibration, where it is one for all of them. */
export function sharedPolicy(
  { level, scope, checkpoint, options }: PreparedRun,
  rules: ReadonlyMap<string, TaskRule>,
): PolicyRecord {
  const all = [...rules.values()].map(({ found }) => found)
  const [first] = all
  const isShared =
    first !== undefined &&
    (scope !== 'suite' || all.length === 1 || new Set(all.map((one) => JSON.stringify(one))).size === 1)
  const found = isShared ? first : foundPolicy(level, checkpoint.config, null, null, options.seed)
  return { name: level.policy, ...found }
}
