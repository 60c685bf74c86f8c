/** What decoding takes: latency and cache bytes against the context, and quality beside both. */

import { seriesByShare } from '../../figures/names.js'
import { curvePanels, type Panel, tradePanels } from '../../figures/panels.js'
import type { CurveRow, PageData, SpeedRow, TradeRow } from '../../figures/rows.js'
import { formatBytes, formatRate } from '../../format.js'
import { type PageSeries, shadedSeries } from '../shared/series.js'
import type { Column } from '../shared/sortable-table.js'
import type { ChartParts, Point } from './chart.js'
import { type Section, tableOf } from './section.js'
import { decimals, range, type Sources, subjectColumns } from './sources.js'

const milliseconds = (seconds: number): string => `${formatRate(1000 * seconds)} ms`

export function costSection({ curves, speeds }: PageData, page: PageSeries, sources: Sources): Section {
  return {
    title: 'Latency and cache against context',
    intro:
      'Decoding one token at a time: seconds of a step of the whole batch (medians over stretches of the context) and bytes of ' +
      'the rows of one sequence that are still there.',
    charts: curvePanels(curves).flatMap((rows) => [
      latencyChart(rows, page, sources),
      cacheChart(rows, page, sources),
    ]),
    table: tableOf('benchmarks', speedColumns(speeds, sources), speeds),
  }
}

interface Curve {
  what: string
  unit: string
  /** In that unit, by stretch. */
  of(row: CurveRow): number[]
  text(value: number): string
}

const latencyChart = (rows: CurveRow[], page: PageSeries, sources: Sources): ChartParts =>
  curveChart(rows, page, sources, {
    what: 'Latency of a step',
    unit: 'milliseconds',
    of: ({ stepSeconds }) => stepSeconds.map((seconds) => 1000 * seconds),
    text: (value) => `${formatRate(value)} ms`,
  })

function cacheChart(rows: CurveRow[], page: PageSeries, sources: Sources): ChartParts {
  const { unit, factor } = bytesIn(rows.flatMap(({ liveBytes }) => liveBytes))
  return curveChart(rows, page, sources, {
    what: 'Live cache of a sequence',
    unit,
    of: ({ liveBytes }) => liveBytes.map((bytes) => bytes / factor),
    text: (value) => formatBytes(factor * value),
  })
}

function curveChart(rows: CurveRow[], page: PageSeries, sources: Sources, curve: Curve): ChartParts {
  const [{ ctx, batch, setting, checkpoint }] = rows
  const name = seriesByShare(rows, page.names)
  const bySparsity = rows.toSorted((a, b) => (a.requested ?? -1) - (b.requested ?? -1))
  return {
    title: `${curve.what}, ${checkpoint}, context of ${ctx}, batch ${batch ?? '?'}, ${setting}`,
    x: { label: 'tokens of context' },
    y: { label: curve.unit, fromZero: true },
    points: rows.flatMap((row) =>
      curve.of(row).map((y, i) => ({
        series: name(row),
        x: row.lengths[i],
        y,
        tip: [page.names.full(row), `${curve.text(y)} at ${row.lengths[i]} tokens`, ...sources.lines(row)],
      })),
    ),
    series: shadedSeries([...new Set(bySparsity.map(name))]),
    joined: 'series',
    dots: false,
  }
}

function speedColumns(rows: readonly SpeedRow[], sources: Sources): Column<SpeedRow>[] {
  const ratio = (value: number | null): string => (value === null ? '' : `${value.toFixed(2)}×`)
  return [
    { head: 'Test', value: ({ test }) => test },
    ...subjectColumns(rows),
    { head: 'Batch', value: ({ batch }) => batch, numeric: true },
    { head: 'Setting', value: ({ setting }) => setting },
    {
      head: 'Tokens/s',
      value: ({ tokensPerSecond }) => tokensPerSecond,
      text: ({ tokensPerSecond }) => formatRate(tokensPerSecond),
      numeric: true,
    },
    {
      head: 'Interval',
      value: ({ low }) => low,
      text: ({ low, high, enough }) => `${formatRate(low)} to ${formatRate(high)}${enough ? '' : ' (range)'}`,
      numeric: true,
    },
    {
      head: 'Over dense',
      value: ({ speedup }) => speedup,
      text: ({ speedup }) => ratio(speedup),
      numeric: true,
    },
    {
      head: 'Step',
      value: ({ stepSeconds }) => stepSeconds,
      text: ({ stepSeconds }) => (stepSeconds === null ? '' : milliseconds(stepSeconds)),
      numeric: true,
    },
    {
      head: 'Live cache',
      value: ({ liveBytes }) => liveBytes,
      text: ({ liveBytes }) => (liveBytes === null ? '' : formatBytes(liveBytes)),
      numeric: true,
    },
    {
      head: 'Live over dense',
      value: (row) => row.liveRatio,
      text: (row) => decimals(2)(row.liveRatio),
      numeric: true,
    },
    {
      head: 'Dropped',
      value: ({ dropped }) => dropped,
      text: ({ dropped }) => decimals(2)(dropped),
      numeric: true,
    },
    sources.column(),
  ]
}

export function tradeSection({ trades }: PageData, page: PageSeries, sources: Sources): Section {
  return {
    title: 'Quality beside cost',
    intro:
      "Hollow points are dominated: another's figures are at least as good in both, and its lead in one is beyond the 95 % interval " +
      '(bytes are counted, any difference is one). Pale points are within noise of that. The line joins those that no other beats; ' +
      'numbers are the shares they were asked for.',
    charts: tradePanels(trades, page.names).map((panel) => tradeChart(panel, page, sources)),
    table: tableOf('quality beside cost', tradeColumns(trades, sources), trades),
  }
}

function tradeChart({ rows, note }: Panel<TradeRow>, page: PageSeries, sources: Sources): ChartParts {
  const [{ of, metric, cost, where, higherIsBetter }] = rows
  const show = cost === 'cache' ? formatBytes : milliseconds
  const { unit, factor } =
    cost === 'cache' ? bytesIn(rows.map(({ amount }) => amount)) : { unit: 'milliseconds', factor: 1e-3 }
  const points = rows.map(
    (row): Point => ({
      series: page.names.of(row),
      x: row.amount / factor,
      y: row.value,
      low: row.low,
      high: row.high,
      state: row.state,
      // All of them would hide each other.
      label: row.state === 'frontier' && row.requested !== null ? String(row.requested) : undefined,
      tip: [
        page.names.full(row),
        `${metric} ${row.value.toFixed(4)} (${range(row.low, row.high)})`,
        show(row.amount),
        row.state === 'frontier' ? 'on the frontier' : `${row.state}: ${row.betterOnes.join('; ')}`,
        ...sources.lines(row),
      ],
    }),
  )
  return {
    title: `${metric} of ${of} (${higherIsBetter ? 'higher' : 'lower'} is better) by ${cost === 'cache' ? 'live cache' : 'latency'} ${where}${note}`,
    x: { label: cost === 'cache' ? `${unit} of one sequence` : `${unit} a step`, fromZero: true },
    y: { label: metric },
    points: points.toSorted((a, b) => a.x - b.x),
    series: page.of(points.map(({ series }) => series)),
    joined: 'frontier',
    dots: true,
  }
}

function tradeColumns(rows: readonly TradeRow[], sources: Sources): Column<TradeRow>[] {
  return [
    {
      head: 'Quality',
      value: ({ of, metric, higherIsBetter }) => `${of} ${metric} ${higherIsBetter ? '↑' : '↓'}`,
    },
    ...subjectColumns(rows),
    { head: 'Value', value: ({ value }) => value, text: ({ value }) => value.toFixed(4), numeric: true },
    {
      head: '95 % interval',
      value: ({ low }) => low,
      text: ({ low, high }) => range(low, high),
      numeric: true,
    },
    {
      head: 'Cost',
      value: ({ amount }) => amount,
      text: ({ cost, amount }) => (cost === 'cache' ? formatBytes(amount) : milliseconds(amount)),
      numeric: true,
    },
    { head: 'Where', value: ({ cost, where }) => `${cost} ${where}` },
    { head: 'State', value: ({ state }) => state },
    { head: 'Done better by', value: ({ betterOnes }) => betterOnes.join('; ') },
    sources.column(),
  ]
}

/** Bytes in the unit that suits the largest of them. */
function bytesIn(amounts: readonly number[]): { unit: string; factor: number } {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, ...amounts)) / 10))
  return { unit: ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'][power], factor: 1024 ** power }
}
