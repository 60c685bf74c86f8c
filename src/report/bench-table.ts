/** A benchmark's record -> what a person reads: results, curve and stages as tables, then what they rest on. */
import Table from 'cli-table3'
import type { BenchConfiguration, BenchRecord, BenchResult, Figure } from '../record/bench/schema.js'
import { curveTable, stageTable } from './bench-detail.js'
import { batchText, type Grid, milliseconds, policyName } from './bench-names.js'
import { benchNotes } from './bench-notes.js'
import { figuresOf } from './figures/figures.js'
import { formatBytes, formatPercent, formatRate, formatShare } from './format.js'
import { ASCII_BORDER, markdownRow, renderNotes, toAscii } from './notes.js'
import type { TableOptions } from './table.js'
import { curvePlots, renderPlots } from './text-plots.js'

/** The tables, the last setting's curves, and the lines under them; no colours, ends without a newline. */
export function renderBench(record: BenchRecord, { ascii = false, width }: TableOptions = {}): string {
  const grids = gridsOf(record).map((grid) => drawn(grid, ascii))
  // Latency and cache of one setting: of the largest batch, the last, pruning says most.
  const curves = curvePlots(figuresOf([{ file: '', record }])).slice(-2)
  const plots = curves.length === 0 ? [] : [renderPlots(curves, { ascii, width }), '']
  const text = [...grids, ...plots, renderNotes(benchNotes(record))].join('\n')
  return ascii ? toAscii(text) : text
}

export function renderBenchMarkdown(record: BenchRecord): string {
  const grids = gridsOf(record).map(({ title, columns, rows }) =>
    [
      ...(title === '' ? [] : [`**${title}**`, '']),
      markdownRow(columns.map(({ head }) => head.replaceAll('\n', ' '))),
      markdownRow(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
      ...rows.map(markdownRow),
    ].join('\n'),
  )
  const notes = benchNotes(record).map(([label, text]) => `- ${label}: ${text}`)
  return [...grids, notes.join('\n')].join('\n\n')
}

function gridsOf(record: BenchRecord): Grid[] {
  return [resultTable(record), curveTable(record), stageTable(record)].filter(({ rows }) => rows.length > 0)
}

function drawn({ title, columns, rows }: Grid, ascii: boolean): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true },
    chars: ascii ? ASCII_BORDER : {},
  })
  table.push(...rows.map((row) => [...row]))
  return title === '' ? table.toString() : `${title}\n${table}`
}

interface Row {
  record: BenchRecord
  result: BenchResult
  configuration: BenchConfiguration
}

interface Column {
  head: string | ((record: BenchRecord) => string)
  align: 'left' | 'right'
  cell(row: Row): string
  /** Absent: always shown. */
  shown?(record: BenchRecord): boolean
}

/** What does not change from row to row stands in the notes instead. */
const varies =
  (of: (configuration: BenchConfiguration) => unknown) =>
  ({ configurations }: BenchRecord): boolean =>
    new Set(configurations.map(of)).size > 1

const prunes = ({ configurations }: BenchRecord): boolean =>
  configurations.some(({ policy }) => policy !== 'dense')
const compares = ({ configurations }: BenchRecord): boolean =>
  configurations.some(({ baseline }) => baseline !== null)

/** The one list of columns. */
const COLUMNS: readonly Column[] = [
  { head: 'Test', align: 'left', cell: ({ result }) => result.test },
  { head: 'Policy', align: 'left', cell: ({ configuration }) => policyName(configuration) },
  {
    head: 'Sparsity\nasked',
    align: 'right',
    cell: ({ configuration: { sparsity } }) => sparsity?.toString() ?? '-',
    shown: prunes,
  },
  {
    head: 'Dropped\nat end',
    align: 'right',
    cell: ({ result: { cache } }) => (cache === null ? '' : formatShare(cache.dropped)),
    shown: prunes,
  },
  { head: 'Batch', align: 'right', cell: ({ configuration }) => batchText(configuration) },
  {
    head: 'Weights',
    align: 'left',
    cell: ({ configuration }) => configuration.dtype,
    shown: varies(({ dtype }) => dtype),
  },
  {
    head: 'Cache',
    align: 'left',
    cell: ({ configuration: { cache, cache_dtype } }) => `${cache} ${cache_dtype}`,
    shown: varies(({ cache, cache_dtype }) => `${cache} ${cache_dtype}`),
  },
  {
    head: 'Tokens/s',
    align: 'right',
    cell: ({ result }) =>
      result.tokens_per_s === null ? result.status : formatRate(result.tokens_per_s.median),
  },
  {
    head: ({ results }) => (results.every(isEnough) ? '95 %\ninterval' : 'Range'),
    align: 'left',
    cell: ({ result, configuration }) =>
      result.tokens_per_s === null
        ? whyNot(result, configuration)
        : rangeText(result.tokens_per_s, formatRate),
  },
  {
    head: 'Over\ndense',
    align: 'right',
    cell: ({ result: { speedup } }) => (speedup === null ? '' : `${speedup.median.toFixed(2)}x`),
    shown: compares,
  },
  {
    // A device of its own does its work without the processor.
    head: 'by CPU\ntime',
    align: 'right',
    cell: ({ result: { cpu_speedup } }) => (cpu_speedup === null ? '' : `${cpu_speedup.median.toFixed(2)}x`),
    shown: (record) => compares(record) && record.environment.adapter.kind !== 'hardware',
  },
  {
    head: 'ms\na step',
    align: 'right',
    cell: ({ result: { step_s } }) => (step_s === null ? '' : milliseconds(step_s.median)),
    shown: ({ results }) => results.some(({ step_s }) => step_s !== null),
  },
  {
    head: 'First token\nms',
    align: 'right',
    cell: ({ result }) => (result.first_token_s === null ? '' : milliseconds(result.first_token_s.median)),
  },
  {
    head: 'Cache\nlive',
    align: 'right',
    cell: ({ result: { cache } }) => (cache === null ? '' : formatBytes(cache.live_bytes)),
  },
  {
    head: 'peak',
    align: 'right',
    cell: ({ result: { cache } }) => (cache === null ? '' : formatBytes(cache.peak_bytes)),
  },
  {
    head: 'Live over\ndense',
    align: 'right',
    cell: ({ result: { cache } }) => (cache?.live_ratio == null ? '' : formatShare(cache.live_ratio)),
    shown: compares,
  },
  {
    head: 'Busy',
    align: 'right',
    cell: ({ result: { busy } }) => (busy === null ? '' : formatPercent(busy)),
    shown: ({ results }) => results.some(({ busy }) => busy !== null),
  },
]

function resultTable(record: BenchRecord): Grid {
  const columns = COLUMNS.filter(({ shown }) => shown?.(record) ?? true)
  return {
    title:
      record.model.source === 'random'
        ? 'Random weights: speed and memory only; what is dropped is synthetic'
        : '',
    columns: columns.map(({ head, align }) => ({
      head: typeof head === 'string' ? head : head(record),
      align,
    })),
    rows: record.results.map((result) => {
      const row = { record, result, configuration: record.configurations[result.configuration] }
      return columns.map(({ cell }) => cell(row))
    }),
  }
}

const rangeText = ({ low, high }: Figure, format: (value: number) => string): string =>
  `${format(low)} to ${format(high)}`

const isEnough = ({ tokens_per_s }: BenchResult): boolean => tokens_per_s?.enough ?? true

/** `needs 9.31 GiB, adapter has 4.00 GiB`; what the adapter said where the plan did not see it coming. */
function whyNot({ status, reason }: BenchResult, { needs_bytes, has_bytes }: BenchConfiguration): string {
  if (status !== 'does not fit') return ''
  if (needs_bytes !== null && has_bytes !== null && needs_bytes > has_bytes) {
    return `needs ${formatBytes(needs_bytes)}, adapter has ${formatBytes(has_bytes)}`
  }
  return reason ?? ''
}
