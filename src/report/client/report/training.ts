/** Trainings: what they minimised, what they dropped on the way, and what held-out text said. */

import type { EvaluationRow, PageData, StepRow } from '../../figures/rows.js'
import { asTrained } from '../../figures/train-rows.js'
import type { Column } from '../shared/sortable-table.js'
import type { Axis, ChartParts, Point } from './chart.js'
import { type Section, tableOf } from './section.js'
import { type Series, seriesOf } from './series.js'
import { decimals, range, type Sources } from './sources.js'

const STEPS: Axis = { label: 'steps' }

export function trainingSection({ steps, evaluations }: PageData, sources: Sources): Section {
  const runs = seriesOf([...new Set([...steps, ...evaluations].map(({ run }) => run))])
  const onTheWay = evaluations.filter(({ final }) => !final)
  const pruned = onTheWay.filter(({ rule }) => rule !== 'dense')
  const charts = [
    stepChart(
      'Training loss (cross-entropy)',
      'nats a token',
      steps,
      ({ crossEntropy }) => crossEntropy,
      runs,
      sources,
    ),
    evaluationChart(
      'Held-out loss as trained',
      'nats a token',
      asTrained(onTheWay),
      ({ nll }) => nll,
      runs,
      sources,
    ),
    evaluationChart(
      'Held-out loss with nothing dropped',
      'nats a token',
      pruned.length === 0 ? [] : onTheWay.filter(({ rule }) => rule === 'dense'),
      ({ nll }) => nll,
      runs,
      sources,
    ),
    stepChart(
      'Mean of I over pairs',
      'share of pairs kept',
      steps,
      ({ pairMean }) => pairMean,
      runs,
      sources,
    ),
    evaluationChart(
      'Sparsity on held-out text',
      'share of pairs',
      asTrained(pruned),
      ({ sparsity }) => sparsity,
      runs,
      sources,
    ),
    stepChart('Alpha', 'alpha', steps, ({ alpha }) => alpha, runs, sources),
  ]
  return {
    title: 'Training',
    intro:
      'Means over stretches of steps where a run has many. Held-out loss as trained is under the step function for adaptive ' +
      'runs, under their own pattern for controls; 95 % intervals with windows as units.',
    charts: charts.filter(({ points }) => points.length > 0),
    table: tableOf('held-out text', columns(sources), evaluations),
  }
}

function stepChart(
  title: string,
  unit: string,
  rows: readonly StepRow[],
  of: (row: StepRow) => number | null,
  runs: readonly Series[],
  sources: Sources,
): ChartParts {
  const points = rows.flatMap((row): Point[] => {
    const y = of(row)
    const tip = [row.run, `${y?.toFixed(4)} ${unit}`, ...sources.lines(row)]
    return y === null ? [] : [{ series: row.run, x: row.step, y, tip }]
  })
  return {
    title,
    x: STEPS,
    y: { label: unit },
    points,
    series: used(runs, points),
    joined: 'series',
    dots: false,
  }
}

function evaluationChart(
  title: string,
  unit: string,
  rows: readonly EvaluationRow[],
  of: (row: EvaluationRow) => number,
  runs: readonly Series[],
  sources: Sources,
): ChartParts {
  const points = rows.map((row): Point => {
    const isLoss = of(row) === row.nll
    return {
      series: row.run,
      x: row.step,
      y: of(row),
      low: isLoss ? row.low : null,
      high: isLoss ? row.high : null,
      tip: [
        `${row.run}, step ${row.step}, ${row.rule}`,
        `loss ${row.nll.toFixed(4)} (${range(row.low, row.high)}), sparsity ${row.sparsity.toFixed(4)}`,
        ...sources.lines(row),
      ],
    }
  })
  return {
    title,
    x: STEPS,
    y: { label: unit },
    points,
    series: used(runs, points),
    joined: 'series',
    dots: true,
  }
}

const used = (runs: readonly Series[], points: readonly Point[]): Series[] =>
  runs.filter(({ name }) => points.some(({ series }) => series === name))

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
