/** The cells of a sweep -> its frontiers: one for each quality, over what costs are known. Pure. */

import { documentValues } from '../eval/document-values.js'
import { missesLevel } from '../eval/reach.js'
import type { EvalRecord, TaskRecord } from '../eval/schema.js'
import { CACHE_SOURCES, type CacheSource } from '../names.js'
import { type CostRecords, cacheBytes, ruleOf, stepResult, stepRounds } from './costs.js'
import {
  exactLead,
  type Lead,
  type Objective as LeadOf,
  meanLead,
  pacedLead,
  pairedLead,
  pairedMean,
  standings,
} from './frontier.js'
import {
  isWhole,
  meanHead,
  meansOf,
  metricsOf,
  perplexityHead,
  type SuiteMean,
  statistic,
  taskHead,
} from './qualities.js'
import type { Objective, SweepCell, SweepFrontier, SweepQuality } from './schema.js'

/** One figure that is to be good. */
interface Quality {
  /** Suites that it is of. */
  tasks: readonly string[]
  head: SweepQuality
  /** Context lengths that its costs may be taken at, the first that there are any at; null: the suites' own requests. */
  ctxs: (number | null)[]
  /** Null where the cell does not have it. */
  of(cell: SweepCell): { value: number; stderr: number | null } | null
  /** Of two cells that have it. */
  lead(a: SweepCell, b: SweepCell): Lead
}

/** Suites' means and suites before perplexities, of which the longest context comes first. */
export function sweepFrontiers(cells: readonly SweepCell[], records: CostRecords): SweepFrontier[] {
  const contexts = records.ppl?.contexts.map(({ ctx }) => ctx) ?? []
  const tested = records.bench?.configurations.map(({ ctx }) => ctx) ?? []
  const longest = [...new Set([...contexts, ...tested])].sort((a, b) => b - a)
  const qualities = [
    ...suiteQualities(cells, [...longest.slice(0, 1), null]),
    ...contexts.toSorted((a, b) => b - a).map((ctx) => perplexityQuality(ctx, records)),
  ]
  return qualities.flatMap((quality) => frontiersOf(quality, cells, records))
}

/** Over all cells without latency, then over those that have one. */
function frontiersOf(quality: Quality, cells: readonly SweepCell[], records: CostRecords): SweepFrontier[] {
  const rated = cells.filter((cell) => quality.of(cell) !== null)
  const timed = rated.filter((cell) => stepResult(records.bench, cell, quality.ctxs[0]) !== undefined)
  const plans: [cells: SweepCell[], ctxs: (number | null)[], objectives: Objective[]][] = [
    [rated, quality.ctxs, ['quality', 'cache']],
    [timed, quality.ctxs.slice(0, 1), ['quality', 'cache', 'latency']],
  ]
  return plans.flatMap(([some, ctxs, objectives]) => {
    const known = bestSource(some, records, ctxs)
    if (known === null || known.cells.length < 2) return []
    const note = [
      SOURCES[known.source],
      ...leftOut('bytes of the cache are known', known.cells.length, some.length),
      ...(timed.length === 0
        ? ['latency was not measured']
        : leftOut('latency was measured', timed.length, rated.length)),
    ].join('; ')
    return [frontierOf(quality, known.cells, { ...known, objectives, records, note })]
  })
}

function leftOut(what: string, some: number, all: number): string[] {
  return some === all ? [] : [`${what} of ${some === 0 ? 'none' : `${some} of ${all} cells`}`]
}

const SOURCES: Record<CacheSource, string> = {
  measured: 'bytes of the cache as asp bench measured them',
  windows: 'bytes of the cache counted from keys alive at the ends of the windows of the text',
  requests: "bytes of the cache counted from keys alive at the ends of the suites' requests",
}

interface Known {
  source: CacheSource
  ctx: number | null
  cells: SweepCell[]
}

/** All points must be counted alike: the first source, and the first length, that most cells have. */
function bestSource(
  cells: readonly SweepCell[],
  records: CostRecords,
  ctxs: readonly (number | null)[],
): Known | null {
  const all = ctxs.flatMap((ctx) =>
    CACHE_SOURCES.filter((source) => (source === 'requests') === (ctx === null)).map((source) => ({
      source,
      ctx,
      cells: cells.filter((cell) => cacheBytes(source, cell, records, ctx) !== null),
    })),
  )
  const most = Math.max(0, ...all.map((one) => one.cells.length))
  return all.find((one) => one.cells.length === most) ?? null
}

interface FrontierParts extends Pick<Known, 'source' | 'ctx'> {
  objectives: Objective[]
  records: CostRecords
  note: string
}

function frontierOf(
  quality: Quality,
  cells: readonly SweepCell[],
  { objectives, source, ctx, records, note }: FrontierParts,
): SweepFrontier {
  const bytes = cells.map((cell) => cacheBytes(source, cell, records, ctx) ?? Number.NaN)
  const rounds = cells.map((cell) => stepRounds(records.bench, cell, ctx) ?? new Map<number, number>())
  const leads: Record<Objective, LeadOf> = {
    quality: (a, b) => quality.lead(cells[a], cells[b]),
    cache: (a, b) => exactLead(bytes[b] - bytes[a]),
    latency: (a, b) => {
      const both = [...rounds[a].keys()].filter((round) => rounds[b].has(round))
      return pacedLead(
        both.map((round) => rounds[a].get(round) ?? 0),
        both.map((round) => rounds[b].get(round) ?? 0),
      )
    },
  }
  const found = standings(
    cells.length,
    objectives.map((name) => leads[name]),
  )
  const names = (points: readonly number[]): string[] => points.map((i) => cells[i].id)
  return {
    quality: quality.head,
    objectives,
    ctx,
    cache_source: source,
    points: cells.map((cell, i) => {
      const rated = quality.of(cell)
      return {
        cell: cell.id,
        quality: rated?.value ?? Number.NaN,
        quality_stderr: rated?.stderr ?? null,
        cache_bytes: bytes[i],
        latency_s: stepResult(records.bench, cell, ctx)?.step_s?.median ?? null,
        off_level: quality.tasks.some((task) => cell.eval !== null && missesLevel(cell.eval, task)),
        on_frontier: found[i].dominated_by.length === 0,
        dominated_by: names(found[i].dominated_by),
        within_noise_of: names(found[i].within_noise_of),
      }
    }),
    note,
  }
}

/** Means over the groups that were named, else over all suites that have an accuracy; then each suite's own. */
function suiteQualities(cells: readonly SweepCell[], ctxs: (number | null)[]): Quality[] {
  const record = cells.find((cell) => isWhole(cell.eval))?.eval
  if (!record) return []
  return [
    ...meansOf(record).map((group) => meanQuality(group, record, ctxs)),
    ...Object.keys(record.tasks).flatMap((task) =>
      metricsOf(record, task).map((metric) => taskQuality(task, metric, record, ctxs)),
    ),
  ]
}

/** Each suite counts the same, and its documents are drawn by themselves. */
function meanQuality(mean: SuiteMean, record: EvalRecord, ctxs: (number | null)[]): Quality {
  const { metric, tasks } = mean
  return {
    tasks,
    head: meanHead(mean, record),
    ctxs,
    of: ({ eval: own }) => {
      if (!isWhole(own)) return null
      const values = tasks.map((task) => statistic(own, task, metric))
      const errors = tasks.map((task) => statistic(own, task, `${metric}_stderr`))
      if (values.includes(null)) return null
      const k = tasks.length
      const total = values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
      const squares = errors.reduce<number>((sum, error) => sum + (error ?? 0) ** 2, 0)
      return { value: total / k, stderr: errors.includes(null) ? null : Math.sqrt(squares) / k }
    },
    lead: (a, b) => meanLead(tasks.map((task) => pairedMean(...differences(a, b, task, metric)))),
  }
}

function taskQuality(task: string, metric: string, record: EvalRecord, ctxs: (number | null)[]): Quality {
  return {
    tasks: [task],
    head: taskHead(task, metric, record),
    ctxs,
    of: ({ eval: own }) => {
      const value = isWhole(own) ? statistic(own, task, metric) : null
      return value === null || own === null
        ? null
        : { value, stderr: statistic(own, task, `${metric}_stderr`) }
    },
    lead: (a, b) => pairedLead(...differences(a, b, task, metric)),
  }
}

/**
 * What `a` is better by in each document, and the units it is spread over: right or wrong where the metric is a mean of that;
 * for perplexities, log-probabilities, over the words or bytes of whole texts.
 */
function differences(
  a: SweepCell,
  b: SweepCell,
  task: string,
  metric: string,
): [number[], number[] | undefined] {
  const [own, other] = [a, b].map(({ eval: record }) => record?.tasks[task].per_document)
  if (own === undefined || other === undefined) return [[], undefined]
  const [mine, theirs] = [own, other].map((one) => documentValues(one, metric) ?? one.logprob)
  return [
    mine.map((value, i) => value - theirs[i]),
    own.units === null ? undefined : unitsOf(own.units, metric),
  ]
}

const unitsOf = (units: NonNullable<TaskRecord['per_document']['units']>, metric: string): number[] =>
  metric.startsWith('word') ? units.words : units.bytes

function perplexityQuality(ctx: number, { ppl }: CostRecords): Quality {
  const tokens = ppl?.contexts.find((one) => one.ctx === ctx)?.samples.tokens ?? []
  const losses = (cell: SweepCell): number[] => ruleOf(ppl, cell, ctx)?.samples.nll ?? []
  return {
    tasks: [],
    head: perplexityHead(ppl, ctx),
    ctxs: [ctx],
    of: (cell) => {
      const rule = ruleOf(ppl, cell, ctx)
      if (rule === undefined || rule.perplexity === null) return null
      const { perplexity, nll_stderr } = rule
      return { value: perplexity, stderr: nll_stderr === null ? null : perplexity * nll_stderr }
    },
    lead: (a, b) => {
      const own = losses(a)
      const other = losses(b)
      return pairedLead(
        own.map((loss, w) => other[w] - loss),
        tokens,
      )
    },
  }
}
