/** Trainings: what they minimised, what they dropped on the way, and what held-out text said. */
import type { EvaluationRow, PageData, StepRow } from '../../figures/rows.js'
import { asTrained } from '../../figures/train-rows.js'
import { fixed } from '../../format.js'
import { seriesOf } from '../shared/series.js'
import { number, text } from '../shared/sortable-table.js'
import type { Axis, ChartParts, Point } from './chart.js'
import { inBrackets, intervalColumn, type Page } from './page.js'
import { section } from './section.js'

const NATS: Axis = { label: 'nats a token' }
const SHARE: Axis = { label: 'share of pairs', domain: [0, 1] }

export const trainingSection = section<EvaluationRow>({
  title: 'Training',
  intro:
    'Means over stretches of steps where a run has many. Held-out loss as trained is under the step function for adaptive ' +
    'runs, under their own pattern for controls; 95 % intervals with windows as units.',
  rows: ({ evaluations }) => evaluations,
  charts: (_, page) => trainingCharts(page.data, page),
  caption: 'held-out text',
  columns: (_, page) => [
    text('Run', ({ run }) => run),
    number('Step', ({ step }) => step),
    text('When', ({ final }) => (final ? 'checkpoint' : 'on the way')),
    number('Context', ({ ctx }) => ctx),
    text('Rule', ({ rule }) => rule),
    number('Sparsity', ({ sparsity }) => sparsity, fixed),
    number('Loss', ({ nll }) => nll, fixed),
    intervalColumn((row) => row),
    number(
      'Perplexity',
      ({ perplexity }) => perplexity,
      (value) => fixed(value, 2),
    ),
    page.sourceColumn(),
  ],
})

function trainingCharts({ steps, evaluations }: PageData, page: Page): ChartParts[] {
  const runs = seriesOf([...new Set([...steps, ...evaluations].map(({ run }) => run))])
  const onTheWay = evaluations.filter(({ final }) => !final)
  const pruned = onTheWay.filter(({ rule }) => rule !== 'dense')
  const nothingDropped = pruned.length === 0 ? [] : onTheWay.filter(({ rule }) => rule === 'dense')
  const bySteps = (of: (row: StepRow) => number | null): Point[] =>
    steps.flatMap((row) => stepPoint(row, of(row), page))
  const losses = (rows: readonly EvaluationRow[]): Point[] =>
    rows.map((row) => ({ ...evaluationPoint(row, row.nll, page), low: row.low, high: row.high }))
  const shares = asTrained(pruned).map((row) => evaluationPoint(row, row.sparsity, page))
  const charts: [title: string, y: Axis, points: Point[], dots: boolean][] = [
    ['Training loss (cross-entropy)', NATS, bySteps(({ crossEntropy }) => crossEntropy), false],
    ['Held-out loss as trained', NATS, losses(asTrained(onTheWay)), true],
    ['Held-out loss with nothing dropped', NATS, losses(nothingDropped), true],
    ['Mean of I over pairs', { label: 'share of pairs kept' }, bySteps(({ pairMean }) => pairMean), false],
    ['Sparsity on held-out text', SHARE, shares, true],
    ['Alpha', { label: 'alpha' }, bySteps(({ alpha }) => alpha), false],
  ]
  return charts
    .filter(([, , points]) => points.length > 0)
    .map(([title, y, points, dots]) => ({
      title,
      x: { label: 'steps' },
      y,
      points,
      series: runs.filter(({ name }) => points.some(({ series }) => series === name)),
      dots,
    }))
}

function stepPoint(row: StepRow, y: number | null, page: Page): Point[] {
  return y === null
    ? []
    : [{ series: row.run, x: row.step, y, tip: [row.run, fixed(y), ...page.source(row)] }]
}

function evaluationPoint(row: EvaluationRow, y: number, page: Page): Point {
  const { run, step, rule, nll, sparsity } = row
  const tip = [
    `${run}, step ${step}, ${rule}`,
    `loss ${fixed(nll)}${inBrackets(row)}, sparsity ${fixed(sparsity)}`,
    ...page.source(row),
  ]
  return { series: run, x: step, y, tip }
}
