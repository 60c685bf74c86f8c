/** What decoding takes: latency and cache bytes against the context, and quality beside both. */
import { atLevel, byLevel, levelName } from '../../figures/level.js'
import { seriesByShare } from '../../figures/names.js'
import { curvePanels, type Panel, tradePanels } from '../../figures/panels.js'
import type { CurveRow, SpeedRow, TradeRow } from '../../figures/rows.js'
import { fixed, formatBytes, formatRate } from '../../format.js'
import { shadedSeries } from '../shared/series.js'
import { number, text } from '../shared/sortable-table.js'
import type { ChartParts, Point } from './chart.js'
import { intervalColumn, type Page, range, subjectColumns } from './page.js'
import { section } from './section.js'

const milliseconds = (seconds: number): string => `${formatRate(1000 * seconds)} ms`
const two = (value: number): string => fixed(value, 2)

export const costSection = section<SpeedRow>({
  title: 'Latency and cache against context',
  intro:
    'Decoding one token at a time: seconds of a step of the whole batch (medians over stretches of the context) and bytes of ' +
    'cache still held for one sequence.',
  rows: ({ speeds }) => speeds,
  charts: (_, page) =>
    curvePanels(page.data.curves).flatMap((rows) => [latencyChart(rows, page), cacheChart(rows, page)]),
  caption: 'benchmarks',
  columns: (rows, page) => [
    text('Test', ({ test }) => test),
    ...subjectColumns(rows),
    number('Batch', ({ batch }) => batch),
    text('Setting', ({ setting }) => setting),
    number('Tokens/s', ({ tokensPerSecond }) => tokensPerSecond, formatRate),
    {
      head: 'Interval',
      value: ({ low }) => low,
      text: ({ low, high, enough }) => `${formatRate(low)} to ${formatRate(high)}${enough ? '' : ' (range)'}`,
      numeric: true,
    },
    number(
      'Over dense',
      ({ speedup }) => speedup,
      (ratio) => `${two(ratio)}×`,
    ),
    number('Step', ({ stepSeconds }) => stepSeconds, milliseconds),
    number('Live cache', ({ liveBytes }) => liveBytes, formatBytes),
    number('Live over dense', ({ liveRatio }) => liveRatio, two),
    number('Dropped', ({ dropped }) => dropped, two),
    page.sourceColumn(),
  ],
})

interface Curve {
  what: string
  unit: string
  /** In that unit, by stretch. */
  of(row: CurveRow): number[]
  text(value: number): string
}

const latencyChart = (rows: CurveRow[], page: Page): ChartParts =>
  curveChart(rows, page, {
    what: 'Latency of a step',
    unit: 'milliseconds',
    of: ({ stepSeconds }) => stepSeconds.map((seconds) => 1000 * seconds),
    text: (value) => `${formatRate(value)} ms`,
  })

function cacheChart(rows: CurveRow[], page: Page): ChartParts {
  const { unit, factor } = bytesIn(rows.flatMap(({ liveBytes }) => liveBytes))
  return curveChart(rows, page, {
    what: 'Live cache of a sequence',
    unit,
    of: ({ liveBytes }) => liveBytes.map((bytes) => bytes / factor),
    text: (value) => formatBytes(factor * value),
  })
}

function curveChart(rows: CurveRow[], page: Page, curve: Curve): ChartParts {
  const [{ ctx, batch, setting, checkpoint }] = rows
  const name = seriesByShare(rows, page.names)
  const ordered = rows.toSorted(byLevel)
  return {
    title: `${curve.what}, ${checkpoint}, context of ${ctx}, batch ${batch ?? '?'}, ${setting}`,
    x: { label: 'tokens of context' },
    y: { label: curve.unit, fromZero: true },
    points: rows.flatMap((row) =>
      curve.of(row).map((y, i) => ({
        series: name(row),
        x: row.lengths[i],
        y,
        tip: [page.names.full(row), `${curve.text(y)} at ${row.lengths[i]} tokens`, ...page.source(row)],
      })),
    ),
    series: shadedSeries([...new Set(ordered.map(name))]),
    dots: false,
  }
}

export const tradeSection = section<TradeRow>({
  title: 'Quality beside cost',
  intro:
    "Hollow points are dominated: another's figures are at least as good in both, and its lead in one is beyond the 95 % interval " +
    '(bytes are counted, any difference is one). Pale points are within noise of that. The line joins those that no other beats; ' +
    'labels are the requested shares, or the shift or size that was given.',
  rows: ({ trades }) => trades,
  charts: (rows, page) => tradePanels(rows, page.names).map((panel) => tradeChart(panel, page)),
  caption: 'quality beside cost',
  columns: (rows, page) => [
    text('Quality', ({ of, metric, higherIsBetter }) => `${of} ${metric} ${higherIsBetter ? '↑' : '↓'}`),
    ...subjectColumns(rows),
    number('Value', ({ value }) => value, fixed),
    intervalColumn((row) => row),
    { head: 'Cost', value: ({ amount }) => amount, text: amountText, numeric: true },
    text('Where', ({ cost, where }) => `${cost} ${where}`),
    text('State', ({ state }) => state),
    text('Beaten by', ({ betterOnes }) => betterOnes.join('; ')),
    page.sourceColumn(),
  ],
})

const amountText = ({ cost, amount }: TradeRow): string =>
  cost === 'cache' ? formatBytes(amount) : milliseconds(amount)

function tradeChart({ rows, note }: Panel<TradeRow>, page: Page): ChartParts {
  const [{ of, metric, cost, where, higherIsBetter }] = rows
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
      label: row.state === 'frontier' && atLevel(row) !== '' ? levelName(row) : undefined,
      tip: [
        page.names.full(row),
        `${metric} ${fixed(row.value)} (${range(row)})`,
        amountText(row),
        row.state === 'frontier' ? 'on the frontier' : `${row.state}: ${row.betterOnes.join('; ')}`,
        ...page.source(row),
      ],
    }),
  )
  return {
    title: `${metric} of ${of} (${higherIsBetter ? 'higher' : 'lower'} is better) by ${cost === 'cache' ? 'live cache' : 'latency'} ${where}${note}`,
    x: { label: cost === 'cache' ? `${unit} of one sequence` : `${unit} a step`, fromZero: true },
    y: { label: metric },
    points: points.toSorted((a, b) => a.x - b.x),
    series: page.series(points.map(({ series }) => series)),
    joined: 'frontier',
  }
}

/** Bytes in the unit that suits the largest of them. */
function bytesIn(amounts: readonly number[]): { unit: string; factor: number } {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, ...amounts)) / 10))
  return { unit: ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'][power], factor: 1024 ** power }
}
