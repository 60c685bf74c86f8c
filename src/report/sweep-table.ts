/** A sweep's record -> what a person reads after it: a row a cell with its verdict, then who is on which frontier. */
import Table from 'cli-table3'
import type { EvalRecord } from '../record/eval/schema.js'
import { ruleOf, stepResult } from '../record/sweep/costs.js'
import { mainMetric } from '../record/sweep/frontiers.js'
import type { FrontierPoint, SweepCell, SweepFrontier, SweepRecord } from '../record/sweep/schema.js'
import { formatBytes, formatRate, formatSeconds, formatShare } from './format.js'
import {
  ASCII_BORDER,
  describeAdapter,
  describeModel,
  markdownRow,
  type Note,
  renderNotes,
  toAscii,
} from './notes.js'
import { PART_NAMES } from './sweep-plan.js'
import type { TableOptions } from './table.js'

/** No colours, ends without a newline. */
export function renderSweep(record: SweepRecord, { ascii = false }: TableOptions = {}): string {
  const tables = tablesOf(record).map((columns) => {
    const table = new Table({
      head: columns.map(({ head }) => head),
      colAligns: columns.map(({ align }) => align),
      style: { head: [], border: [], compact: true },
      chars: ascii ? ASCII_BORDER : {},
    })
    table.push(...rowsOf(record, columns))
    return table.toString()
  })
  const text = [...tables, renderNotes(notesOf(record))].join('\n')
  return ascii ? toAscii(text) : text
}

/** The tables as Markdown, without the notes. */
export function renderSweepMarkdown(record: SweepRecord): string {
  const tables = tablesOf(record).map((columns) =>
    [
      markdownRow(columns.map(({ head }) => head.replaceAll('\n', ' '))),
      markdownRow(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
      ...rowsOf(record, columns).map(markdownRow),
    ].join('\n'),
  )
  return tables.join('\n\n')
}

const rowsOf = ({ cells }: SweepRecord, columns: readonly Column[]): string[][] =>
  cells.map((cell) => columns.map((column) => column.cell(cell)))

interface Column {
  head: string
  align: 'left' | 'right'
  cell(cell: SweepCell): string
}

const right = (head: string, cell: Column['cell']): Column => ({ head, align: 'right', cell })

/** What says which cell a row is. */
const NAMES: readonly Column[] = [
  { head: 'Policy', align: 'left', cell: ({ policy }) => policy },
  right('Sparsity\nrequested', ({ sparsity }) => String(sparsity)),
]

/** So many suites stand beside the other figures; more have tables of their own. */
const MOST_BESIDE = 2
const MOST_IN_TABLE = 6

function tablesOf(record: SweepRecord): Column[][] {
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

function taskColumns(record: SweepRecord): Column[] {
  const suites = suitesOf(record)
  return Object.keys(suites?.tasks ?? {}).map((task) => {
    const metric = suites ? mainMetric(suites, task) : ''
    return right(`${task}\n${metric}`, ({ eval: own }) => taskFigure(own, task, metric))
  })
}

function qualityColumns(record: SweepRecord, tasks: readonly Column[]): Column[] {
  const { ppl, grid, frontiers } = record
  const longest = Math.max(...grid.contexts)
  const [first] = frontiers
  const achieved = right('achieved\nsuites', ({ eval: own }) =>
    own === null ? '' : formatShare(own.sparsity.achieved, 3),
  )
  const inText = right(`achieved\nctx ${longest}`, (cell) => achievedInText(record, cell, longest))
  const mean =
    first?.quality.kind === 'mean'
      ? [
          right(`${first.quality.name}\n${first.quality.metric}`, (cell) => {
            const point = pointOf(first, cell)
            return point === undefined ? '' : withError(point.quality, point.quality_stderr)
          }),
        ]
      : []
  const perplexities = (ppl?.contexts ?? []).map(({ ctx }) =>
    right(`PPL\nctx ${ctx}`, (cell) => ruleOf(ppl, cell, ctx)?.perplexity?.toFixed(2) ?? ''),
  )
  return [
    ...(suitesOf(record) === null ? [] : [achieved]),
    ...(ppl === null ? [] : [inText]),
    ...mean,
    ...tasks,
    ...perplexities,
  ]
}

/** By the first quality: what it is bought with, and whether it is worth it. */
function costColumns({ bench, grid, frontiers }: SweepRecord): Column[] {
  const [first] = frontiers
  const longest = Math.max(...grid.contexts)
  const rate = right(`Tokens/s\nctx ${longest}`, (cell) => {
    const found = stepResult(bench, cell, longest)?.tokens_per_s?.median
    return found === undefined ? '' : formatRate(found)
  })
  const rates = bench === null ? [] : [rate]
  if (first === undefined) return rates
  const at = first.ctx === null ? 'a request' : `ctx ${first.ctx}`
  const timed = frontiers.find(
    (one) => qualityName(one) === qualityName(first) && one.objectives.includes('latency'),
  )
  const column = (head: string, frontier: SweepFrontier): Column => ({
    head,
    align: 'left',
    cell: (cell) => verdict(pointOf(frontier, cell)),
  })
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
  const result = record?.results[task]
  const [value, error] = [result?.[`${metric},none`], result?.[`${metric}_stderr,none`]]
  return typeof value === 'number' ? withError(value, typeof error === 'number' ? error : null) : ''
}

function withError(value: number, error: number | null): string {
  // A perplexity may be anything, a share is below 1.
  const decimals = value < 10 ? 3 : 1
  return error === null ? value.toFixed(decimals) : `${value.toFixed(decimals)} ± ${error.toFixed(decimals)}`
}

/** `on it`, or by whom a cell is dominated. */
function verdict(point: FrontierPoint | undefined): string {
  if (point === undefined) return ''
  if (!point.on_frontier) return `behind ${listed(point.dominated_by)}`
  return point.within_noise_of.length === 0
    ? 'on it'
    : `on it, perhaps behind ${listed(point.within_noise_of)}`
}

const listed = ([first, ...more]: readonly string[]): string =>
  more.length === 0 ? first : `${first} +${more.length}`

function notesOf(record: SweepRecord): Note[] {
  const { status, cells, frontiers, model, environment, timing } = record
  const shared = cells.find(({ stands_for }) => stands_for.length > 0)
  return [
    ...(status === 'complete' ? [] : [['INCOMPLETE', missing(record)] as const]),
    ...(shared
      ? [['Shared', `sparsity 0 of ${shared.stands_for.join(', ')} is the dense model, run once`] as const]
      : []),
    ...cells.flatMap(({ id, refused }) =>
      refused.map(({ part, reason }): Note => ['Left out', `${id}, ${PART_NAMES[part]}: ${reason}`]),
    ),
    ...[...new Set(frontiers.map(qualityName))].map((name): Note => {
      const own = frontiers.filter((frontier) => qualityName(frontier) === name)
      return ['Frontier', `${name} against ${own.map(describeFrontier).join('; ')}`]
    }),
    ...[...new Set(frontiers.map(({ note }) => note))].map((note): Note => ['Compared', note]),
    ['Model', describeModel(model)],
    ['Adapter', describeAdapter(environment)],
    [
      'Time',
      `${formatSeconds(timing.total_s)}: load ${formatSeconds(timing.load_s)}, suites ${formatSeconds(timing.eval_s)}, ` +
        `perplexity ${formatSeconds(timing.ppl_s)}, memory and latency ${formatSeconds(timing.bench_s)}`,
    ],
  ]
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
    ...(grid.parts.includes('ppl') ? [`perplexity ${ppl?.status ?? 'not begun'}`] : []),
    ...(grid.parts.includes('bench') ? [`memory and latency ${bench?.status ?? 'not begun'}`] : []),
  ]
  return `stopped: ${parts.join(', ')}`
}
