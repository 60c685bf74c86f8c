/** What decoding takes: latency and cache bytes against the context, and quality beside both. */
import { formatBytes, formatRate } from '../../format.js'
import { grouped } from '../../html/grouped.js'
import type { CurveRow, PageData, SpeedRow, Subject, TradeRow } from '../../html/rows.js'
import type { Column } from '../shared/sortable-table.js'
import type { Axis, ChartParts, Point } from './chart.js'
import { levelName } from './losses.js'
import { type Section, tableOf } from './section.js'
import { DENSE, type SubjectNames, shadedSeries } from './series.js'
import { decimals, range, type Sources, subjectColumns } from './sources.js'

const milliseconds = (seconds: number): string => `${formatRate(1000 * seconds)} ms`

export function costSection({ curves, speeds }: PageData, names: SubjectNames, sources: Sources): Section {
  const panels = grouped(curves, ({ record, checkpoint, batch, setting }) =>
    JSON.stringify([record, checkpoint, batch, setting]),
  )
  return {
    title: 'Latency and cache against context',
    intro:
      'Decoding one token at a time: seconds of a step of the whole batch (medians over stretches of the context) and bytes of ' +
      'the rows of one sequence that are still there.',
    charts: panels.flatMap((rows) => [
      curveChart(rows, names, sources, {
        what: 'Latency of a step',
        y: { label: 'milliseconds', format: (value) => formatRate(1000 * value) },
        of: ({ stepSeconds }) => stepSeconds,
        text: milliseconds,
      }),
      curveChart(rows, names, sources, {
        what: 'Live cache of a sequence',
        y: { label: 'bytes', format: shortBytes },
        of: ({ liveBytes }) => liveBytes,
        text: formatBytes,
      }),
    ]),
    table: tableOf('benchmarks', speedColumns(speeds, sources), speeds),
  }
}

interface Curve {
  what: string
  y: Axis
  of(row: CurveRow): number
  text(value: number): string
}

function curveChart(rows: CurveRow[], names: SubjectNames, sources: Sources, curve: Curve): ChartParts {
  const [{ batch, setting, checkpoint }] = rows
  const several = new Set(rows.map(({ policy }) => policy).filter((policy) => policy !== DENSE)).size > 1
  const name = (row: Subject): string =>
    row.policy === DENSE ? DENSE : several ? names.full(row) : levelName(row.requested)
  const bySparsity = rows.toSorted((a, b) => (a.requested ?? -1) - (b.requested ?? -1))
  return {
    title: `${curve.what}, ${checkpoint}, batch ${batch ?? '?'}, ${setting}`,
    x: { label: 'tokens of context' },
    y: curve.y,
    points: rows.map((row) => ({
      series: name(row),
      x: row.length,
      y: curve.of(row),
      tip: [names.full(row), `${curve.text(curve.of(row))} at ${row.length} tokens`, ...sources.lines(row)],
    })),
    series: shadedSeries([...new Set(bySparsity.map(name))]),
    joined: true,
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

export function tradeSection({ trades }: PageData, names: SubjectNames, sources: Sources): Section {
  const panels = grouped(trades, ({ quality, cost, costOf }) => JSON.stringify([quality, cost, costOf]))
  return {
    title: 'Quality beside cost',
    intro:
      'Hollow points are dominated: another is at least as good in both figures, and better in quality beyond the 95 % intervals, ' +
      'or no worse and cheaper. Where the intervals meet a point is only within noise of being dominated.',
    charts: panels.map((rows) => tradeChart(rows, names, sources)),
    table: tableOf('quality beside cost', tradeColumns(trades, sources), trades),
  }
}

function tradeChart(rows: TradeRow[], names: SubjectNames, sources: Sources): ChartParts {
  const [{ quality, cost, costOf, higherIsBetter }] = rows
  const show = cost === 'cache' ? formatBytes : milliseconds
  const points = rows.map(
    (row): Point => ({
      series: names.of(row),
      x: row.amount,
      y: row.value,
      low: row.low,
      high: row.high,
      hollow: row.state === 'dominated',
      label: row.requested === null ? '' : String(row.requested),
      tip: [
        names.full(row),
        `${quality} ${row.value.toFixed(4)} (${range(row.low, row.high)})`,
        show(row.amount),
        row.state === 'frontier' ? 'on the frontier' : `${row.state}: ${row.betterOnes.join('; ')}`,
        ...sources.lines(row),
      ],
    }),
  )
  return {
    title: `${quality} (${higherIsBetter ? 'higher' : 'lower'} is better) by ${cost === 'cache' ? 'live cache' : 'latency'}, ${costOf}`,
    x: {
      label: cost === 'cache' ? 'bytes of one sequence' : 'milliseconds a step',
      format: cost === 'cache' ? shortBytes : (value) => formatRate(1000 * value),
    },
    y: { label: quality },
    points: points.toSorted((a, b) => a.x - b.x),
    series: names.series(points.map(({ series }) => series)),
    joined: false,
    dots: true,
  }
}

function tradeColumns(rows: readonly TradeRow[], sources: Sources): Column<TradeRow>[] {
  return [
    { head: 'Quality', value: ({ quality, higherIsBetter }) => `${quality} ${higherIsBetter ? '↑' : '↓'}` },
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
    { head: 'Of', value: ({ cost, costOf }) => `${cost}: ${costOf}` },
    { head: 'State', value: ({ state }) => state },
    { head: 'Done better by', value: ({ betterOnes }) => betterOnes.join('; ') },
    sources.column(),
  ]
}

/** `1.5 MiB`: for axes. */
function shortBytes(bytes: number): string {
  return bytes === 0 ? '0' : formatBytes(bytes)
}
