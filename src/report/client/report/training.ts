/** Trainings: what they minimised, what they dropped on the way, and what held-out text said. */

import type { EvaluationRow, PageData, StepRow } from '../../figures/rows.js'
import { asTrained } from '../../figures/train-rows.js'
import { seriesOf } from '../shared/series.js'
import type { Column } from '../shared/sortable-table.js'
import type { Axis, ChartParts, Point } from './chart.js'
import { type Section, tableOf } from './section.js'
import { decimals, range, type Sources } from './sources.js'

const NATS: Axis = { label: 'nats a token' }
const SHARE: Axis = { label: 'share of pairs', domain: [0, 1] }

export function trainingSection({ steps, evaluations }: PageData, sources: Sources): Section {
  const runs = seriesOf([...new Set([...steps, ...evaluations].map(({ run }) => run))])
  const onTheWay = evaluations.filter(({ final }) => !final)
  const pruned = onTheWay.filter(({ rule }) => rule !== 'dense')
  const nothingDropped = pruned.length === 0 ? [] : onTheWay.filter(({ rule }) => rule === 'dense')
  const bySteps = (of: (row: StepRow) => number | null): Point[] =>
    steps.flatMap((row) => stepPoint(row, of(row), sources))
  const losses = (rows: readonly EvaluationRow[]): Point[] =>
    rows.map((row) => ({ ...evaluationPoint(row, row.nll, sources), low: row.low, high: row.high }))
  const shares = asTrained(pruned).map((row) => evaluationPoint(row, row.sparsity, sources))
  const charts: [title: string, y: Axis, points: Point[], dots: boolean][] = [
    ['Training loss (cross-entropy)', NATS, bySteps(({ crossEntropy }) => crossEntropy), false],
    ['Held-out loss as trained', NATS, losses(asTrained(onTheWay)), true],
    ['Held-out loss with nothing dropped', NATS, losses(nothingDropped), true],
    ['Mean of I over pairs', { label: 'share of pairs kept' }, bySteps(({ pairMean }) => pairMean), false],
    ['Sparsity on held-out text', SHARE, shares, true],
    ['Alpha', { label: 'alpha' }, bySteps(({ alpha }) => alpha), false],
  ]
  return {
    title: 'Training',
    intro:
      'Means over stretches of steps where a run has many. Held-out loss as trained is under the step function for adaptive ' +
      'runs, under their own pattern for controls; 95 % intervals with windows as units.',
    charts: charts
      .filter(([, , points]) => points.length > 0)
      .map(
        ([title, y, points, dots]): ChartParts => ({
          title,
          x: { label: 'steps' },
          y,
          points,
          series: runs.filter(({ name }) => points.some(({ series }) => series === name)),
          joined: 'series',
          dots,
        }),
      ),
    table: tableOf('held-out text', columns(sources), evaluations),
  }
}

function stepPoint(row: StepRow, y: number | null, sources: Sources): Point[] {
  const tip = [row.run, y?.toFixed(4) ?? '', ...sources.lines(row)]
  return y === null ? [] : [{ series: row.run, x: row.step, y, tip }]
}

function evaluationPoint(row: EvaluationRow, y: number, sources: Sources): Point {
  const { run, step, rule, nll, low, high, sparsity } = row
  const loss = `loss ${nll.toFixed(4)}${low === null ? '' : ` (${range(low, high)})`}`
  const tip = [
    `${run}, step ${step}, ${rule}`,
    `${loss}, sparsity ${sparsity.toFixed(4)}`,
    ...sources.lines(row),
  ]
  return { series: run, x: step, y, tip }
}

function columns(sources: Sources): Column<EvaluationRow>[] {
  return [
    { head: 'Run', value: ({ run }) => run },
    { head: 'Step', value: ({ step }) => step, numeric: true },
    { head: 'When', value: ({ final }) => (final ? 'checkpoint' : 'on the way') },
    { head: 'Context', value: ({ ctx }) => ctx, numeric: true },
    { head: 'Rule', value: ({ rule }) => rule },
    {
      head: 'Sparsity',
      value: (row) => row.sparsity,
      text: (row) => decimals(4)(row.sparsity),
      numeric: true,
    },
    { head: 'Loss', value: ({ nll }) => nll, text: ({ nll }) => nll.toFixed(4), numeric: true },
    {
      head: '95 % interval',
      value: ({ low }) => low,
      text: ({ low, high }) => range(low, high),
      numeric: true,
    },
    {
      head: 'Perplexity',
      value: (row) => row.perplexity,
      text: (row) => decimals(2)(row.perplexity),
      numeric: true,
    },
    sources.column(),
  ]
}
