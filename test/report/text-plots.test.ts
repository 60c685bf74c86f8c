/** Which plots the terminal gets, of a run and of a report. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildBenchRecord } from '../../src/record/bench/build.js'
import { buildPplRecord } from '../../src/record/ppl/build.js'
import { renderBench } from '../../src/report/bench-table.js'
import { figuresOf } from '../../src/report/figures/figures.js'
import { renderPpl } from '../../src/report/ppl-table.js'
import { curvePlots, perplexityPlots, renderReportText, trainingPlots } from '../../src/report/text-plots.js'
import { benchParts } from '../record/bench-fixture.js'
import { contextParts, pplParts, RULES, SIZED_RULES } from '../record/ppl-fixture.js'
import { loaded } from './records-fixture.js'

const test = suite('text plots')

test('perplexity of one policy: a line a context length, from the dense rule on', () => {
  const record = buildPplRecord(pplParts({ contexts: [contextParts(), contextParts({ ctx: 16 })] }))
  const [plot, ...others] = perplexityPlots(figuresOf([{ file: '', record }]))
  assert.equal(others, [])
  assert.equal(
    plot.series.map(({ name, points }) => [name, points.map(({ x }) => x.toFixed(2))]),
    [
      ['context of 8', ['0.00', '0.65', '0.65']],
      ['context of 16', ['0.00', '0.65', '0.65']],
    ],
  )
  const [{ rules }] = record.contexts
  assert.equal(
    plot.series[0].points.map(({ y }) => y),
    [rules[0], rules[1], rules[3]].map(({ perplexity }) => perplexity),
  )
})

test('over the KV footprint: the same figures at what is left of the cache', () => {
  const record = buildPplRecord(pplParts({ contexts: [contextParts()] }))
  const [plot] = perplexityPlots(figuresOf([{ file: '', record }]), 'footprint')
  assert.match(plot.x, /^KV footprint/)
  // 0.65 of 28 pairs are gone, of 36 entries.
  assert.equal(
    plot.series[0].points.map(({ x }) => x.toFixed(4)),
    ['1.0000', '0.4944', '0.4944'],
  )
  assert.match(renderReportText([{ file: '', record }], 80, 'footprint'), /perplexity by KV footprint/)
})

test('perplexity of several policies: a plot a context length, a line a policy', () => {
  const rules = [...RULES, SIZED_RULES[1]]
  const record = buildPplRecord(pplParts({ contexts: [contextParts({ rules })] }))
  const plots = perplexityPlots(figuresOf([{ file: '', record }]))
  assert.equal(
    plots.map(({ title, series }) => [title, series.map(({ name }) => name)]),
    [['book.txt, context of 8', ['adaptive', 'local']]],
  )
})

test('asp ppl prints it where there are enough levels, and only to people', () => {
  const many = buildPplRecord(pplParts())
  assert.match(renderPpl(many), /^book\.txt, context of 8: perplexity by share of causal pairs removed$/m)
  assert.not.match(renderPpl(many, { form: 'md' }), 'by share of causal')
  const few = buildPplRecord(pplParts({ contexts: [contextParts({ rules: RULES.slice(0, 2) })] }))
  assert.not.match(renderPpl(few), 'by share of causal')
})

test('asp bench prints latency and live cache along the context', () => {
  const record = buildBenchRecord(benchParts())
  const text = renderBench(record, { width: 60 })
  assert.match(
    text,
    /^asp-tiny, context of 512, batch 2, f16, paged f32: milliseconds of a step by tokens of context$/m,
  )
  assert.match(text, /^ +● dense {3}■ 0\.8$/m)
  assert.not.match(renderBench(buildBenchRecord(benchParts({ curves: [] }))), 'by tokens of context')
  const [latency, cache] = curvePlots(figuresOf([{ file: '', record }]))
  assert.ok(Math.abs((latency.series[0].points.at(-1)?.y ?? 0) - 1000 * 1e-4 * 507) < 1e-9)
  assert.is(cache.series[1].points.at(-1)?.y, (23 * 512) / 2 / 2 ** 20)
})

test('a training is judged under the rule that decoding follows', () => {
  const [, heldOut] = trainingPlots(figuresOf(loaded('train-log.jsonl')))
  assert.is(heldOut, undefined, 'two evaluations are told by a table')
  const [{ file, record }] = loaded('train-log.jsonl')
  assert.ok(record.schema === 'asp.train-log/1')
  const [first, last] = record.evaluations
  const longer = { ...record, evaluations: [first, { ...first, step: 2 }, last] }
  const [, plot] = trainingPlots(figuresOf([{ file, record: longer }]))
  assert.equal(
    plot.series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y.toFixed(2)])]),
    [
      [
        'gamma 0.3',
        [
          [0, '4.60'],
          [2, '4.60'],
          [4, '4.56'],
        ],
      ],
    ],
  )
})

test('asp report --plots says so where nothing is worth a plot', () => {
  assert.match(renderReportText(loaded('dense.json')), /^Nothing to plot: /)
  assert.match(renderReportText(loaded('dense.json', 'ppl.json')), /┤/)
})

test.run()
