/** The tables of `asp recall`, from the record in results/ and from small changes of it. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { figuresOf as pageFigures } from '../../src/report/figures/figures.js'
import {
  allPlaces,
  failsByChance,
  figuresOf,
  placesBy,
  type RecallFigures,
  type RecallRun,
  recallRuns,
} from '../../src/report/recall-figures.js'
import { renderRecall } from '../../src/report/recall-table.js'

const FILE = new URL('../../results/recall-asp-tiny.json', import.meta.url)
const read = (): SweepRecord => JSON.parse(readFileSync(FILE, 'utf8'))

const test = suite('recall tables')

test('a run for each task and cell, the dense model beside each', () => {
  const runs = recallRuns(read())
  assert.equal(
    runs.map(({ task, cell, dense }) => `${task} ${cell.id} ${dense !== null}`),
    ['copy_random', 'passkey'].flatMap((task) =>
      ['dense', 'adaptive-0.5', 'local-0.5', 'streaming-0.5'].map((id) => `recall_${task} ${id} true`),
    ),
  )
})

test('figures are those of the documents named', () => {
  const [dense, adaptive] = recallRuns(read())
  const places = placesBy(adaptive, 'length').get(512) ?? []
  const figures = figuresOf(adaptive, places)
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const margins = places.map((i) => adaptive.recall.margin[i])
  assert.is(figures?.items, places.length)
  assert.is(figures?.chance, 0.5)
  assert.ok(Math.abs((figures?.margin.value ?? 0) - mean(margins)) < 1e-12)
  const changes = places.map((i) => adaptive.recall.margin[i] - dense.recall.margin[i])
  assert.ok(Math.abs((figures?.change?.value ?? 0) - mean(changes)) < 1e-12)
  assert.is(figuresOf(adaptive, []), null)
  assert.is(figuresOf(dense, allPlaces(dense))?.change?.value, 0)
})

test('where questions share a text, intervals are those of as many texts', () => {
  const documents = (acc: number[], margin: number[], cluster?: string[]): RecallRun => ({
    ...recallRuns(read())[0],
    dense: null,
    documents: {
      hash: acc.map(String),
      doc_id: acc.map((_, i) => i),
      ...(cluster ? { cluster } : {}),
      metrics: { acc, exact_match: acc },
      logprob: margin,
      units: null,
    },
    recall: { cells: {}, choices: acc.map(() => 4), margin, sparsity: acc.map(() => 0) },
  })
  const [acc, margin] = [
    [1, 0, 1, 1, 0, 0],
    [3, -1, 2, 4, -2, -3],
  ]
  const figures = (run: RecallRun) => figuresOf(run, allPlaces(run)) as RecallFigures
  const alone = figures(documents(acc, margin))
  // Each text asked twice of is as good as one question: the same interval as without the repeats.
  const twice = <T>(values: T[]): T[] => values.flatMap((value) => [value, value])
  const texts = twice(['a', 'b', 'c', 'd', 'e', 'f'])
  const repeated = figures(documents(twice(acc), twice(margin), texts))
  for (const figure of ['low', 'high'] as const)
    assert.ok(Math.abs(alone.margin[figure] - repeated.margin[figure]) < 1e-9, figure)
  assert.ok(repeated.acc.low < figures(documents(twice(acc), twice(margin))).acc.low)
  assert.ok(Math.abs(repeated.acc.high - repeated.acc.low - (alone.acc.high - alone.acc.low)) < 0.05)
  // Equal verdicts tell nothing of how texts differ.
  const all = figures(documents(twice([1, 1, 1]), twice([1, 2, 3]), twice(['a', 'b', 'c'])))
  assert.equal(all.acc, figures(documents([1, 1, 1], [1, 2, 3])).acc)
  // A question each is what it was.
  assert.equal(figures(documents(acc, margin, ['a', 'b', 'c', 'd', 'e', 'f'])), alone)
})

test('where the dense model is at chance the result says so, and only there', () => {
  const runs = recallRuns(read()).filter(({ cell }) => cell.policy === 'dense')
  const fails = runs.map((run) => {
    const figures = figuresOf(run, allPlaces(run))
    return figures !== null && failsByChance(figures)
  })
  assert.equal(fails, [false, true])
  const text = renderRecall(read())
  assert.match(text, /DENSE FAILS +recall_passkey: the dense model is right in 0\.\d\d of 48 items/)
  assert.not.match(text, /DENSE FAILS +recall_copy_random:/)
})

test('footprint and peak stand beside the sparsity where documents have them', () => {
  const record = read()
  assert.not.match(renderRecall(record, { form: 'csv' }), /^Task,.*,KV,/)
  for (const { eval: own } of record.cells) {
    for (const { per_document } of Object.values(own?.tasks ?? {})) {
      const { recall } = per_document
      if (recall === undefined) throw new Error('the record has no recall')
      recall.kv_footprint = recall.sparsity.map((share) => 1 - 0.9 * share)
      recall.kv_peak = recall.sparsity.map((_, i) => (i % 2 === 0 ? 0.5 : 0.25))
    }
  }
  const [head, dense, adaptive] = renderRecall(record, { form: 'csv' }).split('\n')
  assert.match(head, /^Task,Policy,Sparsity,achieved,KV,KV peak,Items/)
  assert.match(dense, /^recall_copy_random,dense,0,0\.000,1\.000,0\.375,/)
  assert.match(adaptive, /^recall_copy_random,adaptive,0\.5,0\.501,0\.549,0\.375,/)
})

test('a record of before has its critical footprints read off what it has', () => {
  const text = renderRecall(read())
  assert.match(
    text,
    /recall_copy_random\.512 │ acc │ 0\.708 │ {3}0\.50 │ local .*≤0\.501 \[≤0\.501, 0\.9\d\d\]/,
  )
  assert.match(text, /No footprint +4 suites, recall_passkey\.128, recall_passkey\.512 \(acc\)/)
})

test('every form has the tables; an interrupted run has no change from dense, and says so', () => {
  const record = read()
  assert.match(renderRecall(record, { form: 'csv' }), /^Task,Policy,Sparsity,achieved,Items/)
  assert.match(renderRecall(record, { form: 'md' }), /\| recall_copy_random \| dense \|/)
  const [, adaptive] = record.cells
  const own = adaptive.eval?.tasks['recall_passkey.128'].per_document
  if (own?.recall === undefined) throw new Error('the record has no recall')
  for (const column of [own.hash, own.logprob, own.doc_id, ...Object.values(own.metrics)]) column.pop()
  for (const column of [
    own.recall.choices,
    own.recall.margin,
    own.recall.sparsity,
    ...Object.values(own.recall.cells),
  ])
    column.pop()
  const run = recallRuns({ ...record, status: 'incomplete' }).find(
    ({ task, cell }) => task === 'recall_passkey' && cell.id === 'adaptive-0.5',
  )
  assert.is(run?.dense, null)
  assert.match(renderRecall({ ...record, status: 'incomplete' }), /INCOMPLETE +stopped/)
})

test('asp report has a row for each length and depth', () => {
  const { recalls } = pageFigures([{ file: 'recall.json', record: read() }])
  assert.is(recalls.length, 2 * 4 * 2 * 3)
  const [first] = recalls
  assert.equal(
    [first.task, first.policy, first.length, first.depth, first.items],
    ['recall_copy_random', 'dense', 128, 0, 8],
  )
  assert.is(first.path, 'cells[0].eval.tasks.recall_copy_random.128.per_document.recall')
  assert.is(first.question, 'question agnostic')
})

test('asp report has a row for each class of distances, over all lengths', () => {
  const record = read()
  const { recallDistances } = pageFigures([{ file: 'recall.json', record }])
  const [run] = recallRuns(record)
  const own = recallDistances.filter(
    ({ task, policy }) => task === 'recall_copy_random' && policy === 'dense',
  )
  assert.is(
    own.reduce((sum, { items }) => sum + items, 0),
    run.documents.hash.length,
  )
  for (const { from, to, distance, items, right } of own) {
    const distances = run.recall.cells.distance
    const places = distances.flatMap((one, i) => (one >= from && one <= to ? [i] : []))
    assert.is(places.length, items)
    assert.ok(from <= distance && distance <= to)
    const mean = places.reduce((sum, i) => sum + run.documents.metrics.acc[i], 0) / items
    assert.ok(Math.abs(right - mean) < 1e-12)
  }
})

test.run()
