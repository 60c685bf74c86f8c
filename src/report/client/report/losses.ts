/** Perplexity of texts against what was dropped, how far that is from the dense rule, and where in the context it arises. */

import { grouped } from '../../figures/grouped.js'
import { levelName, linesOverSparsity } from '../../figures/names.js'
import { lossPanels, type Panel } from '../../figures/panels.js'
import type { LossRow, PageData, PositionRow } from '../../figures/rows.js'
import { type PageSeries, shadedSeries } from '../shared/series.js'
import type { Column } from '../shared/sortable-table.js'
import type { ChartParts, Point } from './chart.js'
import { SPARSITY } from './quality.js'
import { type Section, tableOf } from './section.js'
import { decimals, range, type Sources, signed, subjectColumns } from './sources.js'

export function lossSection({ losses }: PageData, page: PageSeries, sources: Sources): Section {
  // Soft rules are what training sees; they are in the table.
  const hard = losses.filter(({ rule }) => rule !== 'soft')
  return {
    title: 'Perplexity against sparsity',
    intro:
      'Perplexity of running text by the share of context that was removed, and the change of loss against the same weights ' +
      'with nothing dropped. 95 % intervals with windows as units; those of changes are paired.',
    charts: lossPanels(hard, page.names).flatMap((panel) => [
      perplexityChart(panel, page, sources),
      ...(panel.rows.some(({ delta }) => delta !== null) ? [changeChart(panel, page, sources)] : []),
    ]),
    table: tableOf('perplexity', columns(losses, sources), losses),
  }
}

function perplexityChart({ rows, note }: Panel<LossRow>, page: PageSeries, sources: Sources): ChartParts {
  const finite = rows.filter(({ perplexity }) => perplexity !== null)
  const lines = linesOverSparsity(finite, page.names)
  const point = (series: string, row: LossRow): Point => ({
    series,
    x: row.sparsity,
    y: row.perplexity ?? 0,
    low: row.low,
    high: row.high,
    tip: tipOf(row, page, sources),
  })
  return {
    title: `Perplexity, ${where(rows[0])}${note}`,
    x: SPARSITY,
    y: { label: 'perplexity a token' },
    points: lines.flatMap(({ name, rows }) => rows.map((row) => point(name, row))),
    series: page.of(lines.map(({ name }) => name)),
    joined: 'series',
    dots: true,
    levels: lines.filter(({ level }) => level).map(({ name, rows }) => point(name, rows[0])),
  }
}

function changeChart({ rows, note }: Panel<LossRow>, page: PageSeries, sources: Sources): ChartParts {
  const lines = linesOverSparsity(
    rows.filter(({ policy }) => policy !== 'dense'),
    page.names,
  )
  return {
    title: `Change of loss, ${where(rows[0])}${note}`,
    x: SPARSITY,
    y: { label: 'nats a token' },
    points: lines.flatMap(({ name, rows }) =>
      rows.flatMap((row) =>
        row.delta === null
          ? []
          : {
              series: name,
              x: row.sparsity,
              y: row.delta,
              low: row.deltaLow,
              high: row.deltaHigh,
              tip: tipOf(row, page, sources),
            },
      ),
    ),
    series: page.of(lines.map(({ name }) => name)),
    joined: 'series',
    dots: true,
    zero: true,
  }
}

const where = ({ text, ctx, protocol }: LossRow): string =>
  `${text}, context of ${ctx}${protocol === 'windowed' ? '' : `, ${protocol}`}`

function tipOf(row: LossRow, page: PageSeries, sources: Sources): string[] {
  const change =
    row.delta === null ? [] : [`change ${signed(row.delta)} (${range(row.deltaLow, row.deltaHigh)})`]
  return [
    page.names.full(row),
    `perplexity ${row.perplexity?.toFixed(2) ?? 'not finite'} (${range(row.low, row.high, 2)})`,
    ...change,
    `sparsity ${row.sparsity.toFixed(4)}, ${row.tokens} tokens`,
    ...sources.lines(row),
  ]
}

function columns(rows: readonly LossRow[], sources: Sources): Column<LossRow>[] {
  const four = decimals(4)
  return [
    { head: 'Text', value: ({ text }) => text },
    { head: 'Context', value: ({ ctx }) => ctx, numeric: true },
    ...subjectColumns(rows),
    { head: 'Rule', value: ({ rule, alpha }) => (alpha === null ? rule : `${rule}, alpha ${alpha}`) },
    {
      head: 'Sparsity',
      value: ({ sparsity }) => sparsity,
      text: ({ sparsity }) => four(sparsity),
      numeric: true,
    },
    { head: 'Loss', value: ({ nll }) => nll, text: ({ nll }) => four(nll), numeric: true },
    {
      head: 'Perplexity',
      value: ({ perplexity }) => perplexity,
      text: ({ perplexity }) => decimals(2)(perplexity),
      numeric: true,
    },
    {
      head: '95 % interval',
      value: ({ low }) => low,
      text: ({ low, high }) => range(low, high, 2),
      numeric: true,
    },
    { head: 'Change', value: ({ delta }) => delta, text: ({ delta }) => signed(delta), numeric: true },
    {
      head: '95 % interval',
      value: ({ deltaLow }) => deltaLow,
      text: ({ deltaLow, deltaHigh }) => range(deltaLow, deltaHigh),
      numeric: true,
    },
    { head: 'KL', value: ({ kl }) => kl, text: ({ kl }) => four(kl), numeric: true },
    {
      head: 'Top-1 as dense',
      value: ({ agreement }) => agreement,
      text: ({ agreement }) => (agreement === null ? '' : `${(100 * agreement).toFixed(1)} %`),
      numeric: true,
    },
    sources.column(),
  ]
}

export function positionSection({ positions }: PageData, page: PageSeries, sources: Sources): Section {
  const subjects = grouped(positions, ({ checkpoint, policy, text }) =>
    JSON.stringify([checkpoint, policy, text]),
  )
  // The longest context says most about where dropping costs.
  const shown = subjects.map((rows) => {
    const longest = Math.max(...rows.map(({ ctx }) => ctx))
    return rows.filter(({ ctx }) => ctx === longest)
  })
  return {
    title: 'Change of loss by position',
    intro:
      'Loss less that of the same weights with nothing dropped, by how many tokens of context a prediction had before it, at the ' +
      'longest context that was measured. Shades are the shares asked for; 95 % intervals are paired, windows as units.',
    charts: shown.map((rows) => positionChart(rows, page, sources)),
    table: tableOf('change by position', positionColumns(positions, sources), positions),
  }
}

function positionChart(rows: PositionRow[], page: PageSeries, sources: Sources): ChartParts {
  const levels = [...new Set(rows.map(({ requested }) => requested))].sort((a, b) => (a ?? -1) - (b ?? -1))
  return {
    title: `${page.names.long(rows[0])} on ${rows[0].text}, context of ${rows[0].ctx}`,
    x: { label: 'tokens of context before the prediction' },
    y: { label: 'nats a token' },
    points: rows.map((row) => ({
      series: levelName(row.requested),
      x: (row.from + row.to) / 2,
      y: row.delta,
      low: row.low,
      high: row.high,
      tip: [
        page.names.full(row),
        `${row.from} to ${row.to} tokens before: ${signed(row.delta)} (${range(row.low, row.high)})`,
        `${row.tokens} tokens`,
        ...sources.lines(row),
      ],
    })),
    series: shadedSeries(levels.map(levelName)),
    joined: 'series',
    dots: true,
    zero: true,
  }
}

function positionColumns(rows: readonly PositionRow[], sources: Sources): Column<PositionRow>[] {
  return [
    { head: 'Text', value: ({ text }) => text },
    ...subjectColumns(rows),
    { head: 'Context', value: ({ ctx }) => ctx, numeric: true },
    { head: 'From', value: ({ from }) => from, numeric: true },
    { head: 'To', value: ({ to }) => to, numeric: true },
    { head: 'Tokens', value: ({ tokens }) => tokens, numeric: true },
    { head: 'Change', value: ({ delta }) => delta, text: ({ delta }) => signed(delta), numeric: true },
    {
      head: '95 % interval',
      value: ({ low }) => low,
      text: ({ low, high }) => range(low, high),
      numeric: true,
    },
    sources.column(),
  ]
}
