/** A sweep's record -> what a person reads after it: a row a cell with its verdict, then who is on which frontier. */
import { missedTasks, missesLevel, REACH } from '../record/eval/reach.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { suiteFootprint, textFootprint } from '../record/footprint.js'
import { ruleOf, stepResult } from '../record/sweep/costs.js'
import { mainMetric } from '../record/sweep/qualities.js'
import type {
  FrontierPoint,
  SweepCell,
  SweepCritical,
  SweepFrontier,
  SweepRecord,
} from '../record/sweep/schema.js'
import { criticalGrids, criticalNotes, criticalOf } from './critical-table.js'
import { fixed, formatBytes, formatRate, formatShare } from './format.js'
import { type Column, key, left, right } from './grid.js'
import { describeAdapter, describeModel, describeTime } from './notes.js'
import { grid, type Note, renderSheet, type SheetOptions } from './sheet.js'
import { partsOf, shortened } from './sweep-parts.js'
import { cellNotes } from './sweep-plan.js'

export function renderSweep(record: SweepRecord, options?: SheetOptions): string {
  const critical = criticalOf(record)
  const grids = [
    ...tablesOf(record).map((columns) => grid(columns, record.cells)),
    ...criticalGrids(critical),
  ]
  return renderSheet({ grids, notes: notesOf(record, critical) }, options)
}

type CellColumn = Column<SweepCell>

/** What says which cell a row is. */
const NAMES: readonly CellColumn[] = [
  key(left('Policy', ({ policy }) => policy)),
  key(right('Sparsity\nrequested', ({ sparsity }) => String(sparsity))),
]

/** So many suites stand beside the other figures; more have tables of their own. */
const MOST_BESIDE = 2
const MOST_IN_TABLE = 6

function tablesOf(record: SweepRecord): CellColumn[][] {
  const tasks = taskColumns(record)
  const beside = tasks.length <= MOST_BESIDE ? tasks : []
  const apart = tasks.slice(beside.length)
  const tables = Array.from({ length: Math.ceil(apart.length / MOST_IN_TABLE) }, (_, i) => [
    ...NAMES,
    ...apart.slice(i * MOST_IN_TABLE, (i + 1) * MOST_IN_TABLE),
  ])
  return [[...NAMES, ...qualityColumns(record, beside), ...costColumns(record)], ...tables]
}

const suitesOf = ({ cells }: SweepRecord): EvalRecord | null =>
  cells.find((cell) => cell.eval !== null)?.eval ?? null

/** Means of parts, then suites that are in none. */
function taskColumns(record: SweepRecord): CellColumn[] {
  const suites = suitesOf(record)
  if (suites === null) return []
  const { means, within } = partsOf(suites)
  const ofParts = means.map((name) => {
    const { metric } = suites.groups[name]
    return right<SweepCell>(`${name}\n${metric}`, ({ eval: own }) => figure(own?.groups[name], metric))
  })
  const tasks = Object.keys(suites.tasks).filter((task) => !within.has(task))
  const ofTasks = tasks.map((task) => {
    const metric = mainMetric(suites, task)
    return right<SweepCell>(`${task}\n${metric}`, ({ eval: own }) => taskFigure(own, task, metric))
  })
  return [...ofParts, ...ofTasks]
}

function qualityColumns(record: SweepRecord, tasks: readonly CellColumn[]): CellColumn[] {
  const { ppl, grid, frontiers } = record
  const longest = Math.max(...grid.contexts)
  const [first] = frontiers
  const achieved = right<SweepCell>('achieved\nsuites', ({ eval: own }) =>
    own === null ? '' : formatShare(own.sparsity.achieved, 3),
  )
  const inText = right<SweepCell>(`achieved\nctx ${longest}`, (cell) => achievedInText(record, cell, longest))
  const mean =
    first?.quality.kind === 'mean'
      ? [
          right<SweepCell>(`${first.quality.name}\n${first.quality.metric}`, (cell) => {
            const point = pointOf(first, cell)
            return point === undefined ? '' : withError(point.quality, point.quality_stderr)
          }),
        ]
      : []
  const perplexities = (ppl?.contexts ?? []).map(({ ctx }) =>
    right<SweepCell>(`PPL\nctx ${ctx}`, (cell) => fixed(ruleOf(ppl, cell, ctx)?.perplexity, 2)),
  )
  return [
    ...(suitesOf(record) === null ? [] : [achieved, ...kvColumns('suites', suiteKv)]),
    ...(ppl === null
      ? []
      : [inText, ...kvColumns(`ctx ${longest}`, (cell) => textKv(record, cell, longest))]),
    ...mean,
    ...tasks,
    ...perplexities,
  ]
}

interface Kv {
  footprint: number | null
  peak: number | null
}

/** Shown where they are known of some cell. */
function kvColumns(where: string, of: (cell: SweepCell) => Kv | null): CellColumn[] {
  const column = (name: string, field: keyof Kv): CellColumn => {
    const value = (cell: SweepCell): number | null => of(cell)?.[field] ?? null
    return right(
      `${name}\n${where}`,
      (cell) => (value(cell) === null ? '' : formatShare(value(cell) ?? 0, 3)),
      (cells) => cells.some((cell) => value(cell) !== null),
    )
  }
  return [column('KV', 'footprint'), column('KV peak', 'peak')]
}

const suiteKv = ({ eval: own }: SweepCell): Kv | null =>
  own && { footprint: suiteFootprint(own.sparsity), peak: own.sparsity.kv_peak ?? null }

function textKv({ ppl }: SweepRecord, cell: SweepCell, ctx: number): Kv | null {
  const context = ppl?.contexts.find((one) => one.ctx === ctx)
  const rule = ruleOf(ppl, cell, ctx)
  if (context === undefined || rule === undefined) return null
  const { sparsity } = rule
  return { footprint: textFootprint(context, rule), peak: sparsity === null ? 1 : (sparsity.kv_peak ?? null) }
}

/** By the first quality: what it is bought with, and whether it is worth it. */
function costColumns({ bench, grid, frontiers }: SweepRecord): CellColumn[] {
  const [first] = frontiers
  const longest = Math.max(...grid.contexts)
  const rate = right<SweepCell>(`Tokens/s\nctx ${longest}`, (cell) => {
    const found = stepResult(bench, cell, longest)?.tokens_per_s?.median
    return found === undefined ? '' : formatRate(found)
  })
  const rates = bench === null ? [] : [rate]
  if (first === undefined) return rates
  const at = first.ctx === null ? 'a request' : `ctx ${first.ctx}`
  const timed = frontiers.find(
    (one) => qualityName(one) === qualityName(first) && one.objectives.includes('latency'),
  )
  const column = (head: string, frontier: SweepFrontier): CellColumn =>
    left(head, (cell) => verdict(pointOf(frontier, cell)))
  return [
    right(`Cache\n${at}`, (cell) => {
      // A cell without the first quality may have another that was paid for in the same way.
      const alike = frontiers.filter(
        ({ ctx, cache_source }) => ctx === first.ctx && cache_source === first.cache_source,
      )
      const [bytes] = alike.flatMap((frontier) => pointOf(frontier, cell)?.cache_bytes ?? [])
      return bytes === undefined ? '' : formatBytes(bytes)
    }),
    ...rates,
    column('Frontier:\nquality, cache', first),
    ...(timed === undefined ? [] : [column('Frontier:\nand latency', timed)]),
  ]
}

const pointOf = ({ points }: SweepFrontier, { id }: SweepCell): FrontierPoint | undefined =>
  points.find(({ cell }) => cell === id)

function achievedInText({ ppl }: SweepRecord, cell: SweepCell, ctx: number): string {
  const rule = ruleOf(ppl, cell, ctx)
  return rule === undefined ? '' : formatShare(rule.sparsity?.achieved ?? 0, 3)
}

function taskFigure(record: EvalRecord | null, task: string, metric: string): string {
  const result = record && Object.hasOwn(record.results, task) ? record.results[task] : undefined
  const said = figure(result, metric)
  return said !== '' && record !== null && missesLevel(record, task) ? `${said} *` : said
}

function figure(result: Readonly<Record<string, unknown>> | undefined, metric: string): string {
  const [value, error] = [result?.[`${metric},none`], result?.[`${metric}_stderr,none`]]
  if (typeof value !== 'number') return ''
  return withError(value, typeof error === 'number' ? error : null)
}

function withError(value: number, error: number | null): string {
  // A perplexity may be anything, a share is below 1.
  const decimals = value < 10 ? 3 : 1
  return error === null ? value.toFixed(decimals) : `${value.toFixed(decimals)} ± ${error.toFixed(decimals)}`
}

/** `on it`, or by whom a cell is dominated. */
function verdict(point: FrontierPoint | undefined): string {
  if (point === undefined) return ''
  const mark = point.off_level ? ' *' : ''
  if (!point.on_frontier) return `behind ${listed(point.dominated_by)}${mark}`
  return point.within_noise_of.length === 0
    ? `on it${mark}`
    : `on it, perhaps behind ${listed(point.within_noise_of)}${mark}`
}

const listed = ([first, ...more]: readonly string[]): string =>
  more.length === 0 ? first : `${first} and ${more.length} more`

function notesOf(record: SweepRecord, critical: readonly SweepCritical[]): Note[] {
  const { status, cells, model, environment, timing } = record
  const suites = suitesOf(record)
  const within = suites === null ? new Set() : partsOf(suites).within
  const frontiers = record.frontiers.filter(({ quality }) => !within.has(quality.name))
  return [
    ...(status === 'complete' ? [] : [['INCOMPLETE', missing(record)] as const]),
    ...cellNotes(cells),
    ...cells.flatMap(offLevel),
    ...[...new Set(frontiers.map(qualityName))].map((name): Note => {
      const own = frontiers.filter((frontier) => qualityName(frontier) === name)
      return ['Frontier', `${name} against ${own.map(describeFrontier).join('; ')}`]
    }),
    ...(within.size === 0
      ? []
      : [
          [
            'Suites',
            `${within.size} are in the means alone here, each by itself in the record and asp report`,
          ] as const,
        ]),
    ...[...new Set(frontiers.map(({ note }) => note))].map((note): Note => ['Compared', note]),
    ...criticalNotes(critical),
    ['Model', describeModel(model)],
    ['Adapter', describeAdapter(environment)],
    [
      'Time',
      describeTime(timing.total_s, {
        load: timing.load_s,
        suites: timing.eval_s,
        perplexity: timing.ppl_s,
        'memory and latency': timing.bench_s,
      }),
    ],
  ]
}

/** Suites at which a cell is not where it was meant to be: the dense model in disguise, at worst. */
function offLevel({ id, eval: own }: SweepCell): Note[] {
  const tasks = own === null ? [] : missedTasks(own)
  if (tasks.length === 0) return []
  return [['Marked *', `${id} is more than ${REACH} off: ${shortened(tasks, MOST_IN_TABLE)}`]]
}

const qualityName = ({ quality: { name, metric } }: SweepFrontier): string => `${name} (${metric})`

function describeFrontier({ objectives, ctx, points }: SweepFrontier): string {
  const others = objectives.filter((name) => name !== 'quality').join(' and ')
  const on = points.filter(({ on_frontier }) => on_frontier).map(({ cell }) => cell)
  return `${others} ${ctx === null ? 'of the requests' : `at ctx ${ctx}`}: ${on.join(', ')}`
}

function missing({ grid, cells, ppl, bench }: SweepRecord): string {
  const evaluated = cells.filter((cell) => cell.eval?.status === 'complete').length
  const parts = [
    ...(grid.parts.includes('eval') ? [`${evaluated} of ${cells.length} cells`] : []),
    ...(grid.parts.includes('ppl') ? [`perplexity ${ppl?.status ?? 'not started'}`] : []),
    ...(grid.parts.includes('bench') ? [`memory and latency ${bench?.status ?? 'not started'}`] : []),
  ]
  return `stopped: ${parts.join(', ')}`
}
