/** The record's columns hold what its figures are made of: recomputed from them, every metric is the record's own. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { metricValues, tally } from '../../src/eval/tally.js'
import type { SampleLine } from '../../src/record/eval/sample-schema.js'
import type { PerDocumentRecord } from '../../src/record/eval/schema.js'
import { mean, sum } from '../../src/stats/basics.js'
import type { Measured } from '../../src/suites/metrics.js'

const line = (changes: Partial<SampleLine>): SampleLine => ({
  task: 'x',
  row: 0,
  doc_id: 0,
  doc_hash: 'a'.repeat(64),
  index: 0,
  of: 1,
  input_tokens: 5,
  target_tokens: 2,
  logprob: -1,
  greedy: false,
  pairs: 10,
  removed: [0],
  kept: [5],
  gold: null,
  units: {},
  ...changes,
})

/** Lines of a document, in the order of scoring or not. */
const documentOf = (row: number, logprobs: number[], changes: Partial<SampleLine>): SampleLine[] =>
  logprobs.map((logprob, index) =>
    line({
      row,
      doc_id: 10 * row,
      doc_hash: String(row).repeat(64),
      index,
      of: logprobs.length,
      logprob,
      ...changes,
    }),
  )

const test = suite('values by document')

test('multiple choice: the right choice, and each accuracy', () => {
  const measured: Measured = { output: 'multiple_choice', metrics: ['acc', 'acc_norm'] }
  const right = documentOf(0, [-3, -2, -9], { gold: 1, units: { chars: 4 } })
  const wrong = documentOf(1, [-3, -2, -9], { gold: 0, units: { chars: 4 } })
  const torn = documentOf(2, [-1, -2], { gold: 0, of: 3 })
  const tallied = tally(measured, [...torn, ...wrong.reverse(), ...right], 1)
  const { perDocument } = tallied
  assert.equal(perDocument, {
    hash: ['0'.repeat(16), '1'.repeat(16)],
    doc_id: [0, 10],
    metrics: { acc: [1, 0], acc_norm: [1, 0] },
    logprob: [-2, -3],
    units: null,
  })
  for (const { name, value } of metricValues(measured, tallied))
    assert.is(mean(perDocument.metrics[name]), value)
})

test('a target: its log-probability, from which the perplexity follows', () => {
  const measured: Measured = { output: 'loglikelihood', metrics: ['perplexity', 'acc'] }
  const lines = [...documentOf(0, [-2.5], { greedy: true }), ...documentOf(1, [-0.25], {})]
  const tallied = tally(measured, lines, 1)
  const { perDocument } = tallied
  assert.equal(perDocument.metrics, { acc: [1, 0] })
  assert.equal(perDocument.logprob, [-2.5, -0.25])
  const [perplexity] = metricValues(measured, tallied)
  assert.is(Math.exp(-mean(perDocument.logprob)), perplexity.value)
})

test('a whole text: all its windows, and the words and bytes they are spread over', () => {
  const measured: Measured = {
    output: 'loglikelihood_rolling',
    metrics: ['word_perplexity', 'byte_perplexity'],
  }
  const lines = [
    ...documentOf(0, [-20, -30, -5], { units: { words: 11, bytes: 60 } }),
    ...documentOf(1, [-40], { units: { words: 9, bytes: 51 } }),
  ]
  const tallied = tally(measured, lines, 1)
  const { perDocument } = tallied
  assert.equal(perDocument.metrics, {})
  assert.equal(perDocument.logprob, [-55, -40])
  assert.equal(perDocument.units, { words: [11, 9], bytes: [60, 51] })
  const [word, byte] = metricValues(measured, tallied)
  assert.is(Math.exp(-sum(perDocument.logprob) / 20), word.value)
  assert.is(Math.exp(-sum(perDocument.logprob) / 111), byte.value)
})

test('a mean that is no verdict has a clustered error, too', () => {
  const documents = [{ margin: 1 }, { margin: 2 }, { margin: 0 }]
  const perDocument = { cluster: ['a', 'a', 'b'], metrics: {} } as unknown as PerDocumentRecord
  const suite = { output: 'multiple_choice', metrics: ['margin'] } as const
  const [{ clustered }] = metricValues(suite, { documents, perDocument })
  assert.ok(clustered !== undefined && Number.isFinite(clustered))
})

test.run()
