/** Records -> flat rows: the figures are those of the records, each says where it stands, and names tell subjects apart. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord } from '../../../src/record/eval/build.js'
import { figuresOf } from '../../../src/report/figures/figures.js'
import type { Origin } from '../../../src/report/figures/rows.js'
import { recordParts } from '../../record/fixture.js'
import { trainLog } from '../../record/train-fixture.js'
import { loaded, RECORDS } from '../records-fixture.js'

const ALL = loaded()
const figures = figuresOf(ALL)

/** What stands at a row's path in its record. */
function traced({ record, path }: Origin): unknown {
  const keys = [...path.matchAll(/\["([^"]+)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3],
  )
  let value: unknown = ALL[record].record
  for (const key of keys) value = (value as Record<string, unknown>)[key]
  return value
}

const test = suite('figures')

test('every figure is what stands in its record at its path', () => {
  for (const row of figures.quality) assert.is(traced(row), row.value, row.path)
  for (const row of figures.losses) assert.is((traced(row) as { nll: number }).nll, row.nll, row.path)
  for (const row of figures.positions)
    assert.is((traced(row) as { delta: number }).delta, row.delta, row.path)
  for (const row of figures.layers) assert.equal(traced(row), row.perLayer, row.path)
  for (const row of figures.speeds) {
    const { tokens_per_s } = traced(row) as { tokens_per_s: { median: number } }
    assert.is(tokens_per_s.median, row.tokensPerSecond, row.path)
  }
  for (const row of figures.curves) {
    const { lengths, live_bytes } = traced(row) as { lengths: number[]; live_bytes: number[] }
    const whole = row.lengths.map((length) => live_bytes[lengths.indexOf(length)] / (row.batch ?? 1))
    assert.equal(whole, row.liveBytes, row.path)
  }
  for (const row of figures.evaluations) {
    const at = row.path.replace(
      /^evaluation at step (\d+)/,
      (_, step) => `evaluations[${step === '0' ? 0 : 1}]`,
    )
    assert.is((traced({ ...row, path: at }) as { nll: number }).nll, row.nll, row.path)
  }
  for (const row of figures.comparisons) {
    assert.is((traced(row) as { change: number }).change, row.change, row.path)
  }
  // Recall is computed from columns of documents: test/report/recall-table.test.ts.
  const { recalls: _, recallDistances: __, ...others } = figures
  const sizes = Object.values(others).map((rows: unknown[]) => rows.length)
  assert.ok(Math.min(...sizes) > 0, 'the records have figures of every kind')
})

test('scores have the interval that tables show', () => {
  const [row] = figuresOf(loaded('adaptive.json')).quality
  assert.equal(
    { ...row, low: row.low?.toFixed(4), high: row.high?.toFixed(4) },
    {
      record: 0,
      path: 'results.hellaswag["acc,none"]',
      checkpoint: 'asp-tiny',
      policy: 'adaptive',
      requested: 0.8,
      by: { parameter: 'shift', value: RECORDS['adaptive.json'].policy.threshold_shift },
      task: 'hellaswag',
      metric: 'acc',
      higherIsBetter: true,
      value: 0.28924517,
      low: '0.2308',
      high: '0.3556',
      documents: 200,
      set: '222222222222',
      shots: 0,
      sparsity: 0.8,
      footprint: 1 - (0.8 * 4000000) / 4080000,
      complete: true,
    },
  )
})

test('a perplexity without a standard error has no interval, a metric without a figure no row', () => {
  const rows = figuresOf(loaded('adaptive.json')).quality.filter(({ task }) => task === 'wikitext')
  assert.equal(
    rows.map(({ metric, low, high }) => [metric, low, high]),
    [
      ['word_perplexity', null, null],
      ['bits_per_byte', null, null],
    ],
  )
  const record = structuredClone(RECORDS['adaptive.json'])
  record.results.wikitext['word_perplexity,none'] = 'N/A'
  const left = figuresOf([{ file: 'a', record }]).quality.filter(({ task }) => task === 'wikitext')
  assert.equal(
    left.map(({ metric }) => metric),
    ['bits_per_byte'],
  )
})

test('rules of a perplexity run are told by who decides', () => {
  const who = ({ policy, requested, rule, alpha }: (typeof figures.losses)[number]): unknown[] => [
    policy,
    requested,
    rule,
    alpha,
  ]
  assert.equal(figuresOf(loaded('ppl.json')).losses.map(who), [
    ['dense', null, 'dense', null],
    ['adaptive', 0.5, 'step', null],
    ['adaptive', 0.5, 'soft', 8],
    ['adaptive', null, 'step', null],
    ['adaptive', null, 'soft', 8],
  ])
  assert.equal(figuresOf(loaded('ppl-local.json')).losses.map(who), [
    ['dense', null, 'dense', null],
    ['local', 0.5, 'sized', null],
  ])
})

test('a curve is thinned to medians over stretches that end where it ends, bytes are of one sequence', () => {
  const [{ lengths, stepSeconds, liveBytes }] = figuresOf(loaded('bench.json')).curves
  assert.is(lengths.length, 48)
  assert.is(lengths[47], 512)
  // 100 bytes a token, two sequences; 1e-4 seconds a token, and the last of 48 stretches has eleven lengths.
  assert.is(liveBytes[47], (100 * 512) / 2)
  assert.ok(Math.abs(stepSeconds[47] - 1e-4 * 507) < 1e-12)
})

test('steps of a long training are averaged, and say which they are', () => {
  const rows = figuresOf([{ file: 'a', record: trainLog(undefined, 1000) }]).steps
  assert.is(rows.length, 50)
  assert.is(rows[0].path, 'steps 1 to 20')
  assert.ok(Math.abs(rows[0].crossEntropy - (4.9 - 1.05)) < 1e-12)
  assert.is(rows.at(-1)?.step, 1000)
})

test("a training's record and log are one run, whose evaluations are told once", () => {
  const { evaluations, steps } = figuresOf(loaded('train-log.jsonl', 'train.json'))
  assert.equal([...new Set([...evaluations, ...steps].map(({ run }) => run))], ['gamma 0.3'])
  assert.equal(
    evaluations.map(({ record, step, rule, final }) => [record, step, rule, final]),
    [
      [0, 0, 'dense', false],
      [0, 0, 'step', false],
      [0, 4, 'dense', false],
      [0, 4, 'step', false],
      [1, 4, 'dense', true],
      [1, 4, 'step', true],
    ],
  )
})

test('runs and checkpoints of one name are told apart', () => {
  const log = trainLog()
  const other = { ...log, run: { ...log.run, options: { ...log.run.options, seed: 43 } } }
  const runs = figuresOf([
    { file: 'a', record: log },
    { file: 'b', record: other },
  ]).steps.map(({ run }) => run)
  assert.equal([...new Set(runs)], ['gamma 0.3, seed 42', 'gamma 0.3, seed 43'])
  const parts = recordParts()
  const twin = buildRecord({ ...parts, model: { ...parts.model, sha256: 'c'.repeat(64) } })
  const names = figuresOf([
    { file: 'a', record: buildRecord(parts) },
    { file: 'b', record: twin },
  ]).quality.map(({ checkpoint }) => checkpoint)
  assert.equal([...new Set(names)], ['asp-tiny 444444', 'asp-tiny cccccc'])
})

test('a comparison: the limit is on the side of the loss', () => {
  const rows = figuresOf(loaded('compare.json')).comparisons
  assert.equal(
    rows.map(({ base, compared, higherIsBetter, limit }) => [base, compared, higherIsBetter, limit < 0]),
    rows.map(({ higherIsBetter }) => ['a.json', 'b.json', higherIsBetter, higherIsBetter]),
  )
  assert.equal(
    rows.filter(({ metric }) => metric === 'acc').map(({ verdict, n }) => [verdict, n]),
    [['worse', 40]],
  )
})

test('a sweep gives the rows of the records in it, with paths that lead through it', () => {
  const sweep = figuresOf(loaded('sweep.json'))
  assert.equal(
    [...new Set(sweep.quality.map(({ path }) => path.split('.results')[0]))],
    ['cells[0].eval', 'cells[1].eval'],
  )
  assert.ok(sweep.losses.every(({ path }) => path.startsWith('ppl.contexts')))
  assert.ok(sweep.curves.every(({ path }) => path.startsWith('bench.curves')))
})

test.run()
