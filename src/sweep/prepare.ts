/** Everything of a sweep that can be checked before a device is opened; what all its cells share is read once. */
import { type PreparedBench, prepareBench } from '../bench/prepare.js'
import type { Checkpoint } from '../data/checkpoint.js'
import { methodOf } from '../engine/gpt2/config.js'
import { isMethod } from '../engine/methods.js'
import { Failure } from '../errors.js'
import { atLevel, type PreparedRun } from '../eval/prepare-run.js'
import { type PreparedTasks, type PrepareHooks, prepareTasks } from '../eval/prepare-tasks.js'
import { checkReach } from '../ppl/levels.js'
import { checkOptions } from '../ppl/options.js'
import { contextLengths, type PreparedPpl, readWindows } from '../ppl/prepare.js'
import { checkSparsity, chooseLevel } from '../pruning/choose.js'
import { POLICY_NAMES, type PolicyName, requestedSparsity } from '../pruning/level.js'
import type { SweepPart } from '../record/names.js'
import type { SweepCell } from '../record/sweep/schema.js'
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
  policies: PolicyName[]
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
  const { tasks, plan } = await prepareTasks(
    { ...suiteOptions(options), suites },
    (checkpoint) => planSweep(checkpoint, options),
    hooks,
  )
  const { options: _, ...shared } = tasks
  const { policies, points, contexts } = plan
  const cells = points.map((point): PreparedCell => {
    // A policy that cannot remove so much leaves its cell out of a part, not the sweep undone.
    const scored = suites.length === 0 ? null : attempt(() => atLevel(tasks, point.level, options.calibrate))
    const { reason } = attempt(() => checkReach([point.level], contexts, tasks.checkpoint.config))
    const refused = parts.flatMap((part) => {
      const why = part === 'eval' ? (scored?.reason ?? null) : reason
      return why === null ? [] : [{ part, reason: why }]
    })
    return { ...point, run: scored?.value ?? null, refused }
  })
  const inPart = (part: SweepPart): PreparedCell[] =>
    parts.includes(part) ? cells.filter(({ refused }) => !refused.some((one) => one.part === part)) : []
  const read = inPart('ppl')
  const decoded = inPart('bench').map(({ level }) => level)
  return {
    options,
    parts,
    ...shared,
    policies,
    contexts,
    cells,
    ppl: read.length === 0 ? null : await readPpl(read, tasks, contexts, options, hooks),
    bench: decoded.length === 0 ? null : await prepareBench(benchOptions(options, decoded, contexts), hooks),
  }
}

interface Plan {
  policies: PolicyName[]
  points: Point[]
  contexts: number[]
}

/** Failure: what the checkpoint cannot do. */
function planSweep(checkpoint: Checkpoint, { policies, sparsities, ctx }: SweepOptions): Plan {
  const taught = methodOf(checkpoint.config)
  if (policies === undefined && taught === null) {
    const others = POLICY_NAMES.filter((name) => !isMethod(name))
    throw new Failure(
      `--policy: checkpoint ${checkpoint.id} has no interaction weights for the adaptive policy`,
      {
        hint: `name policies that need none: --policy ${others.join(',')}`,
      },
    )
  }
  const named: readonly PolicyName[] = policies ?? (taught === null ? [] : [taught])
  const points = planGrid(named, sparsities)
  if (points.length === 0) {
    throw new Failure(`--sparsity ${sparsities}: leaves no cell for --policy ${named}`, {
      hint: '--sparsity 0,0.5,0.8',
    })
  }
  for (const { level } of points) {
    chooseLevel(checkpoint, { policy: level.policy, sparsity: requestedSparsity(level) ?? undefined })
  }
  return { policies: [...named], points, contexts: contextLengths({ ctx }, checkpoint) }
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
  ctxs: number[],
  options: SweepOptions,
  hooks: PrepareHooks,
): Promise<PreparedPpl> {
  const levels = cells.map(({ level }) => level).filter(({ policy }) => policy !== 'dense')
  const policies = levels.length === 0 ? ['dense' as const] : [...new Set(levels.map(({ policy }) => policy))]
  const plan = { levels: { policies, levels, denseOnly: false }, ctxs }
  return readWindows(tasks, plan, { ...pplOptions(options), ctx: ctxs }, hooks)
}
