/** What is to be run and how long a row takes -> the plan of a sweep with its seconds. Pure. */
import { cellWork } from '../bench/cell.js'
import { tokensRun } from '../eval/plan.js'
import type { PreparedRun } from '../eval/prepare-run.js'
import { plannedRows } from '../ppl/work.js'
import { REQUESTS } from '../pruning/calibrate.js'
import { needsSearch } from '../pruning/level.js'
import type { PlannedUnit, SweepPlan } from '../record/sweep/plan.js'
import type { SweepGrid } from '../record/sweep/schema.js'
import { sum } from '../stats/basics.js'
import type { Task } from '../suites/task.js'
import type { PreparedSweep } from './prepare.js'
import type { Speeds } from './probe.js'
import { plannedCell } from './run-record.js'

/** What is there from an earlier run. */
export interface Finished {
  cells: ReadonlySet<string>
  contexts: ReadonlySet<number>
  bench: boolean
}

export function planUnits(
  prepared: PreparedSweep,
  grid: SweepGrid,
  speeds: Speeds,
  finished: Finished,
): Omit<SweepPlan, 'probe_s'> {
  const units = [
    ...suiteUnits(prepared, speeds, finished),
    ...pplUnits(prepared, speeds, finished),
    ...benchUnits(prepared, speeds, finished),
  ]
  const seconds = (some: readonly PlannedUnit[]): number => sum(some.map((unit) => unit.seconds))
  return {
    grid,
    cells: prepared.cells.map(plannedCell),
    units,
    seconds: seconds(units),
    seconds_left: seconds(units.filter(({ done }) => !done)),
  }
}

function suiteUnits({ cells }: PreparedSweep, { suites }: Speeds, finished: Finished): PlannedUnit[] {
  return cells.flatMap(({ id, level, run }) => {
    if (run === null) return []
    const limits = { tokens: Number.POSITIVE_INFINITY, requests: Number.POSITIVE_INFINITY }
    const tokens = sum(run.tasks.map(({ requests }) => tokensRun(requests, { limits, share: true })))
    const seconds = (tokens + searchTokens(run)) * (suites.get(level.policy) ?? 0)
    return [{ part: 'eval', name: id, tokens, seconds, done: finished.cells.has(id) }]
  })
}

/** Evaluations of a search on either sample, as a rule; each ends at the last decision and costs about half of scoring. */
const EVALUATIONS = { coarse: 5, fine: 3 }
const EVALUATION_COST = 0.5

function searchTokens({ level, parts }: PreparedRun): number {
  if (!needsSearch(level)) return 0
  return sum(parts.map(({ tasks }) => partTokens(tasks)))
}

function partTokens(tasks: readonly Task[]): number {
  const all = sum(tasks.flatMap(({ requests }) => requests.map(({ input }) => input.length)))
  const { coarse, fine } = EVALUATIONS
  return (
    EVALUATION_COST *
    (coarse * Math.min(all, REQUESTS.coarse.tokens) + fine * Math.min(all, REQUESTS.fine.tokens))
  )
}

function pplUnits({ ppl }: PreparedSweep, { windows }: Speeds, finished: Finished): PlannedUnit[] {
  if (ppl === null) return []
  return plannedRows(ppl).map(({ scored, searched }, i) => {
    const { ctx } = ppl.contexts[i]
    const seconds = (scored + searched) * (windows.get(ctx) ?? 0)
    return { part: 'ppl', name: `ctx ${ctx}`, tokens: scored, seconds, done: finished.contexts.has(ctx) }
  })
}

/** Every configuration once to warm up and once a round. */
function benchUnits(
  { bench, options }: PreparedSweep,
  { windows }: Speeds,
  { bench: done }: Finished,
): PlannedUnit[] {
  if (bench === null) return []
  const runs = 1 + options.repetitions
  const tokens = bench.configurations.map(({ group, batch }) => {
    const places = batch === 'max' ? 1 : batch
    return sum(group.tests.map(({ prompt, gen, depth }) => places * (prompt + gen + depth)))
  })
  const seconds = bench.configurations.map((configuration) => {
    const batch = configuration.batch === 'max' ? 1 : configuration.batch
    return cellWork({ configuration, batch }) * (windows.get(configuration.group.ctx) ?? 0)
  })
  const name = `${bench.configurations.length} configurations, ${options.repetitions} rounds`
  return [{ part: 'bench', name, tokens: runs * sum(tokens), seconds: runs * sum(seconds), done }]
}
