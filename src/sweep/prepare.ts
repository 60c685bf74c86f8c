/** Everything of a sweep that can be checked before a device is opened; what all its cells share is read once. */
import { type PreparedBench, prepareBench } from '../bench/prepare.js'
import type { Checkpoint } from '../data/checkpoint.js'
import { Failure } from '../errors.js'
import {
  checkSparsity,
  POLICY_NAMES,
  type PolicyName,
  SCORING_POLICY_NAMES,
  type ScoringPolicyName,
} from '../eval/policy.js'
import { checkPolicy, type PreparedRun, withPolicy } from '../eval/prepare-run.js'
import { type PreparedTasks, type PrepareHooks, prepareTasks } from '../eval/prepare-tasks.js'
import { chooseLevels, fitLevel, type Level } from '../ppl/levels.js'
import { checkOptions } from '../ppl/options.js'
import { contextLengths, type PplPlan, type PreparedPpl, readWindows } from '../ppl/prepare.js'
import type { SweepCell, SweepPart } from '../record/sweep-schema.js'
import { type Point, planGrid } from './grid.js'
import { benchOptions, chooseParts, pplOptions, type SweepOptions, suiteOptions } from './options.js'

export interface PreparedCell extends Point {
  /** Null where no suites are scored, and where the policy cannot remove so much of them. */
  run: PreparedRun | null
  refused: SweepCell['refused']
}

export interface PreparedSweep extends Omit<PreparedTasks, 'options'> {
  options: SweepOptions
  parts: SweepPart[]
  policies: ScoringPolicyName[]
  /** Context lengths of perplexity, memory and latency. */
  contexts: number[]
  cells: PreparedCell[]
  ppl: PreparedPpl | null
  bench: PreparedBench | null
}

export async function prepareSweep(options: SweepOptions, hooks: PrepareHooks = {}): Promise<PreparedSweep> {
  const parts = chooseParts(options)
  checkOptions(pplOptions(options))
  for (const share of options.sparsities) checkSparsity(share)
  const suites = parts.includes('eval') ? options.suites : []
  const tasks = await prepareTasks(
    { ...suiteOptions(options), suites },
    (checkpoint) => planSweep(checkpoint, options),
    hooks,
  )
  const { options: _, ...shared } = tasks
  const { policies, points, contexts } = planSweep(tasks.checkpoint, options)
  const levels = parts.includes('ppl')
    ? planLevels(tasks.checkpoint, { ...options, policies }, contexts)
    : null
  const cells = points.map((point): PreparedCell => {
    const { run, refused } = suites.length === 0 ? { run: null, refused: [] } : suiteRun(point, tasks)
    const level = levels?.refused.find(({ level }) => isOf(level, point))
    const decodes = !parts.includes('bench') || isDecoded(point.policy)
    return {
      ...point,
      run,
      refused: [
        ...refused,
        ...(level === undefined ? [] : [{ part: 'ppl' as const, reason: level.reason }]),
        ...(decodes
          ? []
          : [{ part: 'bench' as const, reason: `decoding does not have the ${point.policy} policy` }]),
      ],
    }
  })
  const decoded = cells.map(({ policy }) => policy).filter(isDecoded)
  const ppl = levels && (await readWindows(tasks, levels.plan, pplOptions({ ...options, policies }), hooks))
  const bench =
    parts.includes('bench') && decoded.length > 0
      ? await prepareBench(benchOptions(options, [...new Set(decoded)], contexts), hooks)
      : null
  return { options, parts, ...shared, policies, contexts, cells, ppl, bench }
}

interface Plan {
  policies: ScoringPolicyName[]
  points: Point[]
  contexts: number[]
}

/** Failure: what the checkpoint cannot be asked. */
function planSweep(checkpoint: Checkpoint, { policies, sparsities, ctx }: SweepOptions): Plan {
  if (policies === undefined && checkpoint.config.interaction === null) {
    const others = SCORING_POLICY_NAMES.filter((name) => name !== 'adaptive')
    throw new Failure(`--policy: checkpoint ${checkpoint.id} has no interaction weights to be adaptive by`, {
      hint: `name policies that need none: --policy ${others.join(',')}`,
    })
  }
  const named: readonly ScoringPolicyName[] = policies ?? ['adaptive']
  const points = planGrid(named, sparsities)
  if (points.length === 0) {
    throw new Failure(`--sparsity ${sparsities}: leaves no cell for --policy ${named}`, {
      hint: '--sparsity 0,0.5,0.8',
    })
  }
  for (const { policy, sparsity } of points) {
    checkPolicy(checkpoint, { policy, sparsity: policy === 'dense' ? undefined : sparsity })
  }
  return { policies: [...named], points, contexts: contextLengths({ ctx }, checkpoint) }
}

/** A policy that cannot remove so much of these requests leaves its cell out of the suites, not the sweep undone. */
function suiteRun({ policy, sparsity }: Point, tasks: PreparedTasks): Pick<PreparedCell, 'run' | 'refused'> {
  const asked = { policy, sparsity: policy === 'dense' ? undefined : sparsity }
  const { run, reason } = attempt(() => withPolicy(tasks, asked))
  return { run, refused: reason === null ? [] : [{ part: 'eval', reason }] }
}

/** Levels that can be reached at every context length, and the others. */
function planLevels(
  checkpoint: Checkpoint,
  options: SweepOptions,
  ctxs: number[],
): { plan: PplPlan; refused: { level: Level; reason: string }[] } {
  const dense = options.policies?.every((name) => name === 'dense')
  const asked = pplOptions(options)
  const levels = chooseLevels(checkpoint, dense ? { ...asked, sparsity: undefined } : asked)
  const refused = levels.levels.flatMap((level) => {
    const { reason } = attempt(() => (level.kind === 'sized' ? ctxs.map((ctx) => fitLevel(level, ctx)) : []))
    return reason === null ? [] : [{ level, reason }]
  })
  const left = levels.levels.filter((level) => !refused.some((one) => one.level === level))
  return { plan: { levels: { ...levels, levels: left }, ctxs }, refused }
}

function attempt<T>(work: () => T): { run: T; reason: null } | { run: null; reason: string } {
  try {
    return { run: work(), reason: null }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { run: null, reason: error.message }
  }
}

function isOf(level: Level, { policy, sparsity }: Point): boolean {
  if (level.kind === 'shift' || level.sparsity !== sparsity) return false
  return policy === (level.kind === 'sized' ? level.policy : 'adaptive')
}

const isDecoded = (policy: ScoringPolicyName): policy is PolicyName =>
  POLICY_NAMES.some((name) => name === policy)
