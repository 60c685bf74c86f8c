/** The main plots of a report as text: quality, perplexity, latency, cache and training loss. Pure. */

import { X_AXES, type XAxis } from './figures/axes.js'
import { figuresOf } from './figures/figures.js'
import { grouped } from './figures/grouped.js'
import { linesOverSparsity, SubjectNames, seriesByShare } from './figures/names.js'
import { curvePanels, lossPanels, qualityPanels } from './figures/panels.js'
import type { CurveRow, EvaluationRow, Figures, LossRow, QualityRow, StepRow } from './figures/rows.js'
import { asTrained } from './figures/train-rows.js'
import type { TextPlot, TextSeries } from './plot-text.js'
import type { LoadedRecord } from './reported-record.js'
import { renderPlots } from './sheet.js'

/** Fewer points than this on every line are told by the table. */
const WORTH_A_PLOT = 3

/**
 * What `asp report --plots` prints.
 * @param width columns of the terminal
 */
export function renderReportText(
  loaded: readonly LoadedRecord[],
  width?: number,
  x: XAxis = 'sparsity',
): string {
  const figures = figuresOf(loaded)
  const plots = [qualityPlots, perplexityPlots, curvePlots, trainingPlots].flatMap((of) => of(figures, x))
  const nothing = `Nothing to plot: no line has ${WORTH_A_PLOT} points; the page has tables`
  return plots.length === 0 ? nothing : renderPlots(plots, width)
}

export function qualityPlots(figures: Figures, x: XAxis = 'sparsity'): TextPlot[] {
  const names = new SubjectNames(figures)
  return qualityPanels(figures.quality, names).flatMap(({ rows, note }): TextPlot[] => {
    const series = overSparsity(rows, names, x, ({ value }: QualityRow) => value)
    return worth({ title: `${rows[0].task}${note}`, x: X_AXES[x].label, y: rows[0].metric, series })
  })
}

/** A plot a context length; of one policy alone, one plot with a line a context length. */
export function perplexityPlots(figures: Figures, x: XAxis = 'sparsity'): TextPlot[] {
  const names = new SubjectNames(figures)
  const hard = figures.losses.filter(({ rule, perplexity }) => rule !== 'soft' && perplexity !== null)
  const of = ({ perplexity }: LossRow): number => perplexity ?? 0
  return grouped(hard, ({ text, protocol }) => JSON.stringify([text, protocol])).flatMap((texts) => {
    const panels = lossPanels(texts, names).map(({ rows, note }) => ({
      name: `context of ${rows[0].ctx}${note}`,
      series: overSparsity(rows, names, x, of),
    }))
    const alone = panels.every(({ series }) => series.length === 1)
    const plot = (title: string, series: TextSeries[]): TextPlot[] =>
      worth({ title, x: X_AXES[x].label, y: 'perplexity', series })
    if (alone && panels.length > 1) {
      return plot(
        texts[0].text,
        panels.map(({ name, series: [line] }) => ({ ...line, name })),
      )
    }
    return panels.flatMap(({ name, series }) => plot(`${texts[0].text}, ${name}`, series))
  })
}

/** Latency, and the live cache, of each setting. */
export function curvePlots(figures: Figures): TextPlot[] {
  const names = new SubjectNames(figures)
  return curvePanels(figures.curves).flatMap((rows) => {
    const [{ checkpoint, ctx, batch, setting }] = rows
    const name = seriesByShare(rows, names)
    const plot = (y: string, of: (row: CurveRow) => number[]): TextPlot => ({
      title: `${checkpoint}, context of ${ctx}, batch ${batch ?? '?'}, ${setting}`,
      x: 'tokens of context',
      y,
      fromZero: true,
      series: rows.map((row) => ({
        name: name(row),
        points: of(row).map((value, i) => ({ x: row.lengths[i], y: value })),
      })),
    })
    return [
      plot('milliseconds of a step', ({ stepSeconds }) => stepSeconds.map((s) => 1000 * s)),
      plot('MiB of live cache per sequence', ({ liveBytes }) => liveBytes.map((bytes) => bytes / 2 ** 20)),
    ]
  })
}

export function trainingPlots({ steps, evaluations }: Figures): TextPlot[] {
  const byRun = <Row extends { run: string; step: number }>(
    rows: readonly Row[],
    of: (row: Row) => number,
  ): TextSeries[] =>
    grouped(rows, ({ run }) => run).map((line) => ({
      name: line[0].run,
      points: line.map((row) => ({ x: row.step, y: of(row) })),
    }))
  const onTheWay = evaluations.filter(({ final }) => !final)
  return [
    ...worth({
      title: 'Training',
      x: 'steps',
      y: 'cross-entropy, nats',
      series: byRun(steps, ({ crossEntropy }: StepRow) => crossEntropy),
    }),
    ...worth({
      title: 'Held-out text',
      x: 'steps',
      y: 'loss as trained, nats',
      series: byRun(asTrained(onTheWay), ({ nll }: EvaluationRow) => nll),
    }),
  ]
}

function overSparsity<Row extends LossRow | QualityRow>(
  rows: readonly Row[],
  names: SubjectNames,
  axis: XAxis,
  of: (row: Row) => number,
): TextSeries[] {
  return linesOverSparsity(rows, names).map(({ name, rows: line }) => ({
    name,
    points: line.flatMap((row) => {
      const x = row[axis]
      return x === null ? [] : [{ x, y: of(row) }]
    }),
  }))
}

const worth = (plot: TextPlot): TextPlot[] =>
  plot.series.some(({ points }) => points.length >= WORTH_A_PLOT) ? [plot] : []
