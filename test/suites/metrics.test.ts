import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { aggregate, documentMetrics, higherIsBetter } from '../../src/suites/metrics.js'
import { loadSuite } from '../../src/suites/suite.js'
import { score } from '../eval/dummy-score.js'

const hellaswag = loadSuite('hellaswag')
const lambada = loadSuite('lambada_openai')
const wikitext = loadSuite('wikitext')
const test = suite('metrics')

const CHOICES: [what: string, logprobs: number[], lengths: number[], acc: number, accNorm: number][] = [
  ['the likeliest is right', [-9, -2], [10, 10], 1, 1],
  ['only the likeliest per character is right', [-2, -3], [1, 30], 0, 1],
  ['only the likeliest sum is right', [-9, -2], [90, 1], 1, 0],
  ['a tie goes to the first', [-2, -2], [5, 5], 0, 0],
]
for (const [what, logprobs, choiceLengths, acc, accNorm] of CHOICES)
  test(what, () => {
    const answer = { gold: 1, choiceLengths, counts: null }
    assert.equal(
      documentMetrics(
        hellaswag,
        answer,
        logprobs.map((l) => score(l)),
      ),
      { acc, acc_norm: accNorm },
    )
  })

test('per token: a longer choice of a lower sum may have the higher mean', () => {
  const answer = { gold: 1, choiceLengths: [1, 1], choiceTokens: [2, 6], counts: null }
  const got = documentMetrics(loadSuite('hellaswag_llmc'), answer, [score(-4), score(-6)])
  assert.equal(got, { acc: 0, acc_norm_tokens: 1 })
})

test('target: log-probability and greedy flag', () => {
  const answer = { gold: null, choiceLengths: [], counts: null }
  assert.equal(documentMetrics(lambada, answer, [score(-3.5, true)]), { perplexity: -3.5, acc: 1 })
})

test('rolling: the windows of a page add up', () => {
  const answer = { gold: null, choiceLengths: [], counts: { words: 10, bytes: 50 } }
  const page = documentMetrics(wikitext, answer, [score(-20), score(-10)])
  assert.equal(page, { word_perplexity: [-30, 10], byte_perplexity: [-30, 50], bits_per_byte: [-30, 50] })
  const got = aggregate(wikitext, [
    page,
    { word_perplexity: [-10, 30], byte_perplexity: [-10, 110], bits_per_byte: [-10, 110] },
  ])
  assert.is(got['word_perplexity,none'], Math.E)
  assert.is(got['byte_perplexity,none'], Math.exp(0.25))
  assert.is(got['bits_per_byte,none'], 0.25 / Math.LN2)
  assert.is(got['word_perplexity_stderr,none'], 'N/A')
})

test('standard error of 0/1 values is sqrt(p (1 - p) / (n - 1))', () => {
  const documents = [1, 0, 0, 1, 1].map((acc) => ({ acc, acc_norm: acc }))
  const got = aggregate(hellaswag, documents)
  assert.is(got['acc,none'], 0.6)
  assert.ok(Math.abs(Number(got['acc_stderr,none']) - Math.sqrt(0.24 / 4)) < 1e-15)
})

test('one document, or no bootstrap, has no standard error; no document has no metric', () => {
  assert.is(aggregate(hellaswag, [{ acc: 1, acc_norm: 1 }])['acc_stderr,none'], 'N/A')
  const two = [
    { perplexity: -1, acc: 1 },
    { perplexity: -2, acc: 0 },
  ]
  assert.is(aggregate(lambada, two, { bootstrapIterations: 0 })['perplexity_stderr,none'], 'N/A')
  assert.equal(aggregate(lambada, []), {})
})

test('direction', () => {
  assert.equal(higherIsBetter(lambada), { perplexity: false, acc: true })
})

test.run()
