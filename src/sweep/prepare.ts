/** Everything of a sweep that can be checked before a device is opened; what all its cells share is read once. */
import type { Policy } from '../bench/configurations.js'
import { type PreparedBench, prepareBench } from '../bench/prepare.js'
import type { Checkpoint } from '../data/checkpoint.js'
import { Failure } from '../errors.js'
import { checkPolicy, type PreparedRun, withPolicy } from '../eval/prepare-run.js'
import { type PreparedTasks, type PrepareHooks, prepareTasks } from '../eval/prepare-tasks.js'
import { chooseLevels, type Level } from '../ppl/levels.js'
import { checkOptions } from '../ppl/options.js'
import { contextLengths, type PreparedPpl, readWindows } from '../ppl/prepare.js'
import { fitSize } from '../pruning/fit-size.js'
import {
  checkSparsity,
  isSizedPolicy,
  SCORING_POLICY_NAMES,
  type ScoringPolicyName,
} from '../pruning/policy.js'
import type { SweepCell, SweepPart } from '../record/sweep/schema.js'
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
  const cells = points.map((point): PreparedCell => {
    const scored = suites.length === 0 ? null : suiteRun(point, tasks)
    const reason = parts.some((part) => part !== 'eval') ? outOfReach(point, contexts) : null
    const refused = parts.flatMap((part) => {
      const why = part === 'eval' ? (scored?.reason ?? null) : reason
      return why === null ? [] : [{ part, reason: why }]
    })
    return { ...point, run: scored?.value ?? null, refused }
  })
  const inPart = (part: SweepPart): PreparedCell[] =>
    parts.includes(part) ? cells.filter(({ refused }) => !refused.some((one) => one.part === part)) : []
  const read = inPart('ppl')
  const decoded = inPart('bench')
  return {
    options,
    parts,
    ...shared,
    policies,
    contexts,
    cells,
    ppl: read.length === 0 ? null : await readPpl(read, tasks, { ...options, ctx: contexts }, hooks),
    bench:
      decoded.length === 0
        ? null
        : await prepareBench(benchOptions(options, decoded.map(benchPolicy), contexts), hooks),
  }
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
function suiteRun({ policy, sparsity }: Point, tasks: PreparedTasks): Attempt<PreparedRun> {
  return attempt(() => withPolicy(tasks, { policy, sparsity: policy === 'dense' ? undefined : sparsity }))
}

/** Why a cell cannot be at every context length; null where it can. */
function outOfReach({ policy, sparsity }: Point, contexts: readonly number[]): string | null {
  if (!isSizedPolicy(policy)) return null
  return attempt(() => contexts.map((ctx) => fitSize(policy, [ctx], sparsity, `at ctx ${ctx}`))).reason
}

type Attempt<T> = { value: T; reason: null } | { value: null; reason: string }

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { value: work(), reason: null }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { value: null, reason: error.message }
  }
}

/** The levels of these cells, and the text they are measured on. */
function readPpl(
  cells: readonly Point[],
  tasks: PreparedTasks,
  options: SweepOptions,
  hooks: PrepareHooks,
): Promise<PreparedPpl> {
  const policies = [...new Set(cells.map(({ policy }) => policy))]
  const dropping = cells.filter(({ policy }) => policy !== 'dense')
  const sparsities = dropping.length === 0 ? [0] : [...new Set(dropping.map(({ sparsity }) => sparsity))]
  const asked = pplOptions({ ...options, policies, sparsities })
  const { levels, ...rest } = chooseLevels(tasks.checkpoint, asked)
  const wanted = levels.filter((level) => cells.some((cell) => isOf(level, cell)))
  return readWindows(
    tasks,
    { levels: { ...rest, levels: wanted }, ctxs: [...(options.ctx ?? [])] },
    asked,
    hooks,
  )
}

function isOf(level: Level, { policy, sparsity }: Point): boolean {
  if (!('sparsity' in level) || level.sparsity !== sparsity) return false
  return policy === ('policy' in level ? level.policy : 'adaptive')
}

function benchPolicy({ policy, sparsity }: Point): Policy {
  return policy === 'dense' ? { name: policy } : { name: policy, sparsity }
}
