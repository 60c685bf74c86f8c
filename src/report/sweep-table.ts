/** A sweep's record -> what a person reads after it: a row a cell with its verdict, then who is on which frontier. */
import Table from 'cli-table3'
import type { EvalRecord } from '../record/schema.js'
import { ruleOf, stepResult } from '../record/sweep-costs.js'
import type { SweepCell, SweepFrontier, SweepRecord } from '../record/sweep-schema.js'
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
import type { TableOptions } from './table.js'

/** No colours, ends without a newline. */
export function renderSweep(record: SweepRecord, { ascii = false }: TableOptions = {}): string {
  const columns = columnsOf(record)
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true },
    chars: ascii ? ASCII_BORDER : {},
  })
  table.push(...record.cells.map((cell) => columns.map((column) => column.cell(cell))))
  const text = `${table.toString()}\n${renderNotes(notesOf(record))}`
  return ascii ? toAscii(text) : text
}

/** The table as Markdown. */
export function renderSweepMarkdown(record: SweepRecord): string {
  const columns = columnsOf(record)
  return [
    markdownRow(columns.map(({ head }) => head.replaceAll('\n', ' '))),
    markdownRow(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...record.cells.map((cell) => markdownRow(columns.map((column) => column.cell(cell)))),
  ].join('\n')
}

interface Column {
  head: string
  align: 'left' | 'right'
  cell(cell: SweepCell): string
}

function columnsOf(record: SweepRecord): Column[] {
  const { ppl, bench, grid, frontiers } = record
  const longest = Math.max(...grid.contexts)
  const some = record.cells.find((cell) => cell.eval !== null)?.eval
  const right = (head: string, cell: Column['cell']): Column => ({ head, align: 'right', cell })
  const tasks = some ? Object.keys(some.tasks) : []
  const [first] = frontiers
  const timed = frontiers.find(
    ({ quality, objectives }) => quality.name === first?.quality.name && objectives.includes('latency'),
  )
  const pointOf = ({ id }: SweepCell) => first?.points.find(({ cell }) => cell === id)
  return [
    { head: 'Policy', align: 'left', cell: ({ policy }) => policy },
    right('Sparsity\nrequested', ({ sparsity }) => String(sparsity)),
    ...(some
      ? [
          right('achieved\nsuites', ({ eval: own }) =>
            own === null ? '' : formatShare(own.sparsity.achieved, 3),
          ),
        ]
      : []),
    ...(ppl ? [right(`achieved\nctx ${longest}`, (cell) => achievedInText(record, cell, longest))] : []),
    ...(first?.quality.kind === 'mean'
      ? [
          right(`${first.quality.name}\n${first.quality.metric}`, (cell) =>
            withError(pointOf(cell)?.quality, pointOf(cell)?.quality_stderr),
          ),
        ]
      : []),
    ...tasks.map((task) => {
      const [metric] = Object.keys(some?.higher_is_better[task] ?? {})
      return right(`${task}\n${metric}`, ({ eval: own }) => taskFigure(own, task, metric))
    }),
    ...(ppl?.contexts.map(({ ctx }) =>
      right(`PPL\nctx ${ctx}`, (cell) => ruleOf(ppl, cell, ctx)?.perplexity?.toFixed(2) ?? ''),
    ) ?? []),
    ...(first
      ? [
          right(`Cache\n${first.ctx === null ? 'a request' : `ctx ${first.ctx}`}`, (cell) =>
            bytesOf(pointOf(cell)?.cache_bytes),
          ),
        ]
      : []),
    ...(bench
      ? [
          right(`Tokens/s\nctx ${longest}`, (cell) => {
            const rate = stepResult(bench, cell, longest)?.tokens_per_s?.median
            return rate === undefined ? '' : formatRate(rate)
          }),
        ]
      : []),
    ...(first ? [{ head: 'Frontier\nquality, cache', align: 'left' as const, cell: verdict(first) }] : []),
    ...(timed ? [{ head: 'Frontier\nand latency', align: 'left' as const, cell: verdict(timed) }] : []),
  ]
}

function achievedInText({ ppl }: SweepRecord, cell: SweepCell, ctx: number): string {
  const rule = ruleOf(ppl, cell, ctx)
  return rule === undefined ? '' : formatShare(rule.sparsity?.achieved ?? 0, 3)
}

function taskFigure(record: EvalRecord | null, task: string, metric: string): string {
  const result = record?.results[task]
  const [value, error] = [result?.[`${metric},none`], result?.[`${metric}_stderr,none`]]
  return typeof value === 'number' ? withError(value, typeof error === 'number' ? error : null) : ''
}

function withError(value: number | undefined, error: number | null | undefined): string {
  if (value === undefined) return ''
  // A perplexity may be anything, a share is below 1.
  const decimals = value < 10 ? 4 : 1
  return error === null || error === undefined
    ? value.toFixed(decimals)
    : `${value.toFixed(decimals)} ± ${error.toFixed(decimals)}`
}

const bytesOf = (bytes: number | null | undefined): string =>
  bytes === null || bytes === undefined ? '' : formatBytes(bytes)

/** `on it`, or by whom a cell is dominated. */
function verdict({ points }: SweepFrontier): Column['cell'] {
  return ({ id }) => {
    const point = points.find(({ cell }) => cell === id)
    if (point === undefined) return ''
    if (!point.on_frontier) return `behind ${listed(point.dominated_by)}`
    return point.within_noise_of.length === 0 ? 'on it' : `on it, as near as ${listed(point.within_noise_of)}`
  }
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
      refused.map(({ part, reason }): Note => ['Left out', `${id}, ${part}: ${reason}`]),
    ),
    ...frontiers.map((frontier): Note => ['Frontier', describeFrontier(frontier)]),
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

function describeFrontier({ quality, objectives, ctx, points }: SweepFrontier): string {
  const others = objectives.filter((name) => name !== 'quality').join(' and ')
  const at = ctx === null ? 'of the requests' : `at ctx ${ctx}`
  const on = points.filter(({ on_frontier }) => on_frontier).map(({ cell }) => cell)
  return `${quality.name} (${quality.metric}) against ${others} ${at}: ${on.join(', ')}`
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
