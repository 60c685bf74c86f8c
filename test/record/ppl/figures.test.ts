import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { quantile, ruleFigures, type WindowScore } from '../../../src/record/ppl/figures.js'

const test = suite('ppl figures')
const near = (got: number | null, expected: number, what = '') =>
  assert.ok(got !== null && Math.abs(got - expected) < 1e-12, `${what}: ${got}, not ${expected}`)

/** Two windows of 3 and 2 scored tokens. */
const windows = [
  { rows: 4, firstRow: 1 },
  { rows: 3, firstRow: 1 },
]
const dense: WindowScore[] = [
  { logprobs: Float64Array.of(-1, -2, -3), kl: null, agree: null, drops: null },
  { logprobs: Float64Array.of(-4, -1), kl: null, agree: null, drops: null },
]
const pruned: WindowScore[] = [
  {
    logprobs: Float64Array.of(-1.5, -2, -2.5),
    kl: Float64Array.of(0.1, 0.2, 0.6),
    agree: Uint8Array.of(1, 0, 1),
    drops: { pairShares: [0.5, 0.2], last: [0.6, 0.4], rows: Float64Array.of(0, 0.5, 0.25, 0.5), peak: 6 },
  },
  {
    logprobs: Float64Array.of(-5, -1.25),
    kl: Float64Array.of(0.9, 0.2),
    agree: Uint8Array.of(0, 1),
    drops: { pairShares: [1, 0], last: [1, 0], rows: Float64Array.of(0, 1, 0.5), peak: 3 },
  },
]
const amount = { words: 4, bytes: 20 }

test('loss and perplexities', () => {
  const figures = ruleFigures(windows, dense, null, amount, 4)
  near(figures.nll, 11 / 5)
  near(figures.perplexity, Math.exp(11 / 5))
  near(figures.word_perplexity, Math.exp(11 / 4))
  near(figures.byte_perplexity, Math.exp(11 / 20))
  near(figures.bits_per_byte, 11 / 20 / Math.LN2)
  // Sums 6 and 5, of 3 and 2 tokens: they are 6 - 6.6 and 5 - 4.4 from what the mean would give.
  near(figures.nll_stderr, Math.sqrt(2 * (0.6 ** 2 + 0.6 ** 2)) / 5)
  // Variance of 1, 2, 3, 4, 1 is 1.7.
  near(figures.nll_stderr_tokens, Math.sqrt(1.7 / 5))
  assert.equal(figures.samples, { nll: [6, 5], kl: null, agreed: null, sparsity: null })
  assert.equal(
    [figures.delta, figures.sparsity, figures.kl, figures.top1_agreement],
    [null, null, null, null],
  )
})

test('the change is paired, token by token', () => {
  const { delta, kl, top1_agreement: agreement, samples } = ruleFigures(windows, pruned, dense, amount, 4)
  // 0.5, 0, -0.5 and 1, 0.25.
  near(delta?.nll ?? null, 1.25 / 5)
  near(delta?.perplexity_ratio ?? null, Math.exp(0.25))
  near(delta?.stderr ?? null, Math.sqrt(2 * ((0 - 0.75) ** 2 + (1.25 - 0.5) ** 2)) / 5)
  near(delta?.stderr_tokens ?? null, Math.sqrt((0.25 ** 2 * 2 + 0.75 ** 2 * 2) / 4 / 5))
  near(kl?.mean ?? null, 0.4)
  near(kl?.median ?? null, 0.2)
  near(kl?.max ?? null, 0.9)
  near(kl?.p99 ?? null, 0.6 + 0.96 * 0.3)
  near(agreement?.value ?? null, 3 / 5)
  assert.equal(samples.agreed, [2, 1])
})

test('sparsity weighs windows by their pairs; S@ctx is over whole windows', () => {
  const { sparsity, samples } = ruleFigures(windows, pruned, dense, amount, 4)
  // 6 and 3 pairs.
  near(sparsity?.per_layer[0] ?? null, (0.5 * 6 + 1 * 3) / 9)
  near(sparsity?.per_layer[1] ?? null, (0.2 * 6 + 0) / 9)
  near(sparsity?.achieved ?? null, (6 + 1.2) / 9 / 2)
  assert.is(sparsity?.pairs, 9)
  assert.equal(sparsity?.at_ctx_per_layer, [0.6, 0.4])
  near(sparsity?.at_ctx ?? null, 0.5)
  assert.equal(samples.sparsity, [0.35, 0.5])
  const soft = pruned.map((score) => ({
    ...score,
    drops: score.drops && { ...score.drops, last: null, rows: null, peak: null },
  }))
  const figures = ruleFigures(windows, soft, dense, amount, 4)
  assert.is(figures.sparsity?.at_ctx, null)
  assert.is(figures.positions[0].sparsity, null)
})

test('the footprint counts the diagonal, peaks are a mean over windows; a soft rule has neither', () => {
  const { sparsity } = ruleFigures(windows, pruned, dense, amount, 4)
  // Of 9 pairs and 7 rows in each of two layers, (6 + 1.2) pairs are gone; peaks of 6 of 8 and 3 of 6 entries.
  near(sparsity?.kv_footprint ?? null, (2 * 16 - 7.2) / (2 * 16))
  near(sparsity?.kv_footprint ?? null, 1 - (sparsity?.achieved ?? 0) * (9 / 16))
  near(sparsity?.kv_peak ?? null, (6 / 8 + 3 / 6) / 2)
  near(sparsity?.kv_peak_max ?? null, 6 / 8)
  const soft = pruned.map((score) => ({ ...score, drops: score.drops && { ...score.drops, peak: null } }))
  const faded = ruleFigures(windows, soft, dense, amount, 4).sparsity
  assert.equal([faded?.kv_footprint, faded?.kv_peak, faded?.kv_peak_max], [null, null, null])
})

test('positions: every scored token in one bucket, by its row', () => {
  const long = [
    { rows: 300, firstRow: 0 },
    { rows: 300, firstRow: 140 },
  ]
  const scores = (shift: number): WindowScore[] =>
    long.map(({ firstRow, rows }) => ({
      logprobs: Float64Array.from({ length: rows - firstRow }, (_, i) => -(firstRow + i + shift)),
      kl: null,
      agree: null,
      drops: { pairShares: [0], last: [0], rows: Float64Array.from({ length: rows }, (_, k) => k), peak: 1 },
    }))
  const { positions } = ruleFigures(long, scores(2), scores(0), amount, 300)
  assert.equal(
    positions.map(({ from, to, tokens }) => [from, to, tokens]),
    [
      [0, 15, 16],
      [16, 31, 16],
      [32, 63, 32],
      [64, 127, 64],
      [128, 255, 128 + 116],
      [256, 299, 88],
    ],
  )
  near(positions[0].nll, 7.5 + 2)
  near(positions[4].nll, (128 * 191.5 + 116 * 197.5) / 244 + 2)
  for (const { delta } of positions) near(delta, 2)
  assert.is(positions[0].delta_stderr, null, 'a single window has no spread')
  near(positions[4].delta_stderr, 0)
  near(positions[5].sparsity, (256 + 299) / 2)
})

test('one window has no standard error by windows', () => {
  const { nll_stderr, delta } = ruleFigures(
    windows.slice(0, 1),
    pruned.slice(0, 1),
    dense.slice(0, 1),
    amount,
    4,
  )
  assert.equal([nll_stderr, delta?.stderr], [null, null])
})

test('what is not finite is null', () => {
  const { word_perplexity } = ruleFigures(windows, dense, null, { words: 0, bytes: 20 }, 4)
  assert.is(word_perplexity, null)
})

test('quantiles lie between values, as numpy has them', () => {
  const values = [0, 10, 20, 30]
  assert.equal(
    [0, 0.5, 0.9, 1].map((q) => quantile(values, q)),
    [0, 15, 27, 30],
  )
})

test.run()
