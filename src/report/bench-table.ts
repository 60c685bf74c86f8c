/** A benchmark's record -> what a person reads: results, curve and stages as tables, then what they rest on. */
import type {
  BenchCache,
  BenchConfiguration,
  BenchRecord,
  BenchResult,
  Figure,
} from '../record/bench/schema.js'
import { curveGrid, stageGrid } from './bench-detail.js'
import { batchText, benchNotes, measurable, milliseconds, policyName, sparsityText } from './bench-words.js'
import { figuresOf } from './figures/figures.js'
import { formatBytes, formatPercent, formatRate, formatShare } from './format.js'
import { type Column, key, left, right } from './grid.js'
import { type Grid, grid, renderSheet, type SheetOptions } from './sheet.js'
import { curvePlots } from './text-plots.js'

/** The tables, the last setting's curves, and the lines under them. */
export function renderBench(record: BenchRecord, options?: SheetOptions): string {
  const grids = [...resultGrid(record), ...curveGrid(record), ...stageGrid(record)]
  // Latency and cache of one setting: of the largest batch, the last, pruning says most.
  const plots = curvePlots(figuresOf([{ file: '', record }])).slice(-2)
  return renderSheet({ grids, plots, notes: benchNotes(record) }, { ...options, bold: true })
}

interface Row {
  result: BenchResult
  configuration: BenchConfiguration
}

function resultGrid(record: BenchRecord): Grid[] {
  const rows = record.results.map(
    (result): Row => ({ result, configuration: record.configurations[result.configuration] }),
  )
  const title =
    record.model.source === 'random'
      ? 'Random weights: speed and memory only; what is dropped is synthetic'
      : ''
  return rows.length === 0 ? [] : [grid(columnsOf(record), rows, title)]
}

function columnsOf({ configurations, results, environment }: BenchRecord): Column<Row>[] {
  // What does not change from row to row stands in the notes instead.
  const varies = (of: (configuration: BenchConfiguration) => unknown) => (): boolean =>
    new Set(configurations.map(of)).size > 1
  const prunes = (): boolean => configurations.some(({ policy }) => policy !== 'dense')
  const compares = (): boolean => configurations.some(({ baseline }) => baseline !== null)
  return [
    key(left('Test', ({ result }) => result.test)),
    key(left('Policy', ({ configuration }) => policyName(configuration))),
    key(right('Sparsity\nrequested', ({ configuration }) => sparsityText(configuration), prunes)),
    right(
      'Dropped\nat end',
      ofCache(({ dropped }) => formatShare(dropped)),
      prunes,
    ),
    right('Batch', ({ configuration }) => batchText(configuration)),
    left(
      'Weights',
      ({ configuration }) => configuration.dtype,
      varies(({ dtype }) => dtype),
    ),
    left('Cache', ({ configuration }) => cacheText(configuration), varies(cacheText)),
    right('Tokens/s', ({ result: { tokens_per_s: rate, status } }) =>
      status === 'measured' ? measurable(rate?.median ?? null, formatRate) : status,
    ),
    left(results.every(isEnough) ? '95 %\ninterval' : 'Range', rangeText),
    right('Over\ndense', ({ result }) => median(result.speedup, times), compares),
    right(
      'by CPU\ntime',
      ({ result }) => median(result.cpu_speedup, times),
      // A device of its own does its work without the processor.
      () => compares() && environment.adapter.kind !== 'hardware',
    ),
    right(
      'ms\na step',
      ({ result }) => median(result.step_s, milliseconds),
      () => results.some(({ step_s }) => step_s !== null),
    ),
    right('First token\nms', ({ result }) => median(result.first_token_s, milliseconds)),
    right(
      'Cache\nlive',
      ofCache(({ live_bytes }) => formatBytes(live_bytes)),
    ),
    right(
      'peak',
      ofCache(({ peak_bytes }) => formatBytes(peak_bytes)),
    ),
    right(
      'Live over\ndense',
      ofCache(({ live_ratio }) => (live_ratio == null ? '' : formatShare(live_ratio))),
      compares,
    ),
    right(
      'Busy',
      ({ result: { busy } }) => (busy === null ? '' : formatPercent(busy)),
      () => results.some(({ busy }) => busy !== null),
    ),
  ]
}

const ofCache =
  (text: (cache: BenchCache) => string) =>
  ({ result: { cache } }: Row): string =>
    cache === null ? '' : text(cache)

const median = (figure: Figure | null, format: (value: number) => string): string =>
  figure === null ? '' : format(figure.median)

const times = (ratio: number): string => `${ratio.toFixed(2)}x`

const cacheText = ({ cache, cache_dtype }: BenchConfiguration): string => `${cache} ${cache_dtype}`

function rangeText({ result, configuration }: Row): string {
  const { tokens_per_s: rate } = result
  return rate === null ? whyNot(result, configuration) : `${formatRate(rate.low)} to ${formatRate(rate.high)}`
}

const isEnough = ({ tokens_per_s }: BenchResult): boolean => tokens_per_s?.enough ?? true

/** `needs 9.31 GiB, adapter has 4.00 GiB`; what the adapter said where the plan did not see it coming. */
function whyNot({ status, reason }: BenchResult, { needs_bytes, has_bytes }: BenchConfiguration): string {
  if (status !== 'does not fit') return ''
  if (needs_bytes !== null && has_bytes !== null && needs_bytes > has_bytes) {
    return `needs ${formatBytes(needs_bytes)}, adapter has ${formatBytes(has_bytes)}`
  }
  return reason ?? ''
}
