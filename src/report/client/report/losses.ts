/** Perplexity of texts against what was dropped, how far that is from the dense rule, and where in the context it arises. */
import { X_AXES } from '../../figures/axes.js'
import { grouped } from '../../figures/grouped.js'
import { levelName } from '../../figures/level.js'
import { lossPanels, type Panel } from '../../figures/panels.js'
import type { LossRow, PositionRow } from '../../figures/rows.js'
import { fixed, signed } from '../../format.js'
import { levelSeries } from '../shared/series.js'
import { number, text } from '../shared/sortable-table.js'
import { chartAgainstSparsity } from './against-sparsity.js'
import type { ChartParts } from './chart.js'
import { intervalColumn, type Page, range, subjectColumns } from './page.js'
import { section } from './section.js'

const two = (value: number): string => fixed(value, 2)

/** Of the loss less the dense rule's. */
const change = ({ deltaLow, deltaHigh }: LossRow): { low: number | null; high: number | null } => ({
  low: deltaLow,
  high: deltaHigh,
})

export const lossSection = section<LossRow>({
  title: ({ data }) => `Perplexity against ${X_AXES[data.x].name}`,
  intro:
    'Perplexity of running text by the share of context that was removed, and the change of loss against the same weights ' +
    'with nothing dropped. 95 % intervals with windows as units; those of changes are paired.',
  rows: ({ losses }) => losses,
  // Soft rules are what training sees; they are in the table.
  charts: (rows, page) =>
    lossPanels(
      rows.filter(({ rule }) => rule !== 'soft'),
      page.names,
    ).flatMap((panel) => [
      perplexityChart(panel, page),
      ...(panel.rows.some(({ delta }) => delta !== null) ? [changeChart(panel, page)] : []),
    ]),
  caption: 'perplexity',
  columns: (rows, page) => [
    text('Text', (row) => row.text),
    number('Context', ({ ctx }) => ctx),
    ...subjectColumns(rows),
    text('Rule', ({ rule, alpha }) => (alpha === null ? rule : `${rule}, alpha ${alpha}`)),
    number('Sparsity', ({ sparsity }) => sparsity, fixed),
    number('KV footprint', ({ footprint }) => footprint, fixed),
    number('Loss', ({ nll }) => nll, fixed),
    number('Perplexity', ({ perplexity }) => perplexity, two),
    intervalColumn((row) => row, 2),
    number('Change', ({ delta }) => delta, signed),
    intervalColumn(change),
    number('KL', ({ kl }) => kl, fixed),
    number(
      'Top-1 as dense',
      ({ agreement }) => agreement,
      (share) => `${(100 * share).toFixed(1)} %`,
    ),
    page.sourceColumn(),
  ],
})

function perplexityChart({ rows, note }: Panel<LossRow>, page: Page): ChartParts {
  const lines = {
    title: `Perplexity, ${where(rows[0])}${note}`,
    y: { label: 'perplexity a token' },
    rows: rows.filter(({ perplexity }) => perplexity !== null),
    point: (row: LossRow) => ({
      y: row.perplexity ?? 0,
      low: row.low,
      high: row.high,
      tip: tipOf(row, page),
    }),
  }
  return chartAgainstSparsity(lines, page)
}

function changeChart({ rows, note }: Panel<LossRow>, page: Page): ChartParts {
  const lines = {
    title: `Change of loss, ${where(rows[0])}${note}`,
    y: { label: 'nats a token' },
    rows: rows.filter(({ policy }) => policy !== 'dense'),
    point: (row: LossRow) =>
      row.delta === null ? null : { y: row.delta, ...change(row), tip: tipOf(row, page) },
    zero: true,
  }
  return chartAgainstSparsity(lines, page)
}

const where = ({ text, ctx, protocol }: LossRow): string =>
  `${text}, context of ${ctx}${protocol === 'windowed' ? '' : `, ${protocol}`}`

const tipOf = (row: LossRow, page: Page): string[] => [
  page.names.full(row),
  `perplexity ${row.perplexity?.toFixed(2) ?? 'not finite'} (${range(row, 2)})`,
  ...(row.delta === null ? [] : [`change ${signed(row.delta)} (${range(change(row))})`]),
  `sparsity ${fixed(row.sparsity)}, KV footprint ${fixed(row.footprint)}, ${row.tokens} tokens`,
  ...page.source(row),
]

export const positionSection = section<PositionRow>({
  title: 'Change of loss by position',
  intro:
    'Loss minus that of the same weights with nothing dropped, by the tokens of context before the prediction, at the ' +
    'longest context that was measured. Shades are the levels, from what drops least; 95 % intervals are paired, windows as units.',
  rows: ({ positions }) => positions,
  charts: (rows, page) =>
    grouped(rows, ({ checkpoint, policy, text }) => JSON.stringify([checkpoint, policy, text])).map(
      (some) => {
        // The longest context says most about where dropping costs.
        const longest = Math.max(...some.map(({ ctx }) => ctx))
        return positionChart(
          some.filter(({ ctx }) => ctx === longest),
          page,
        )
      },
    ),
  caption: 'change by position',
  columns: (rows, page) => [
    text('Text', (row) => row.text),
    ...subjectColumns(rows),
    number('Context', ({ ctx }) => ctx),
    number('From', ({ from }) => from),
    number('To', ({ to }) => to),
    number('Tokens', ({ tokens }) => tokens),
    number('Change', ({ delta }) => delta, signed),
    intervalColumn((row) => row),
    page.sourceColumn(),
  ],
})

function positionChart(rows: PositionRow[], page: Page): ChartParts {
  return {
    title: `${page.names.long(rows[0])} on ${rows[0].text}, context of ${rows[0].ctx}`,
    x: { label: 'tokens of context before the prediction' },
    y: { label: 'nats a token' },
    points: rows.map((row) => ({
      series: levelName(row),
      x: (row.from + row.to) / 2,
      y: row.delta,
      low: row.low,
      high: row.high,
      tip: [
        page.names.full(row),
        `${row.from} to ${row.to} tokens before: ${signed(row.delta)} (${range(row)})`,
        `${row.tokens} tokens`,
        ...page.source(row),
      ],
    })),
    series: levelSeries(rows),
    zero: true,
  }
}
