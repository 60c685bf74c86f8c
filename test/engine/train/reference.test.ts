/** The plain-loop twins of training against golden values and laws (docs/method.md, Properties 5, 6, 8 and 19). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type GradientCase, goldenGradients, goldenLosses, goldenTensors, openMicro } from '../../golden.js'
import { relativeDifference } from '../../reference/compare.js'
import { adamwReference, clipScale, gradientNormReference } from '../../reference/train/adamw.js'
import { crossEntropyBackwardReference } from '../../reference/train/cross-entropy-backward.js'
import { lossReference } from '../../reference/train/model.js'
import { pairMeanReference, softMaskRhoReference } from '../../reference/train/soft-mask.js'
import { dropScoreGradientsReference } from '../../reference/train/soft-mask-backward.js'
import { readWeights } from '../../reference/weights.js'
import { close } from './close.js'
import { randomWeights, SMALL, T, tokensOf } from './small-model.js'

const MICRO_T = 40
const golden = goldenLosses()
const { config, tensors } = await openMicro()
const tokens = goldenTensors('micro/forward').words('input_ids')
const microWeights = async () =>
  new Map([...(await readWeights(tensors))].map(([name, values]) => [name, Float64Array.from(values)]))

const CASES: { name: GradientCase; alpha: number | null }[] = [
  { name: 'dense', alpha: null },
  ...[1.5, 2, 4.5, 8].map((alpha) => ({ name: `alpha_${alpha.toFixed(1)}` as GradientCase, alpha })),
]

const ruleOf = (alpha: number | null) => ({
  rule: alpha === null ? ({ kind: 'dense' } as const) : ({ kind: 'adaptive' } as const),
  alpha: alpha ?? 2,
})

const meanOf = (values: Float64Array | null): number =>
  values === null ? 0 : values.reduce((sum, value) => sum + value / values.length, 0)

const test = suite('twins of training')

for (const { name, alpha } of CASES) {
  test(`golden ${name}: losses, and the gradient of every tensor`, async () => {
    const expected = golden[name]
    const inputs = { ...ruleOf(alpha), tokens, T: MICRO_T, gamma: expected.gamma }
    const got = lossReference(config, await microWeights(), inputs)
    close(got.crossEntropy, expected.lm_loss, 1e-9, 'cross-entropy')
    close(got.loss, expected.loss, 1e-9, 'loss')
    close(meanOf(got.pairMeans), expected.pair_mean ?? 0, 1e-9, 'pair mean')
    assert.is(got.pairMeans === null, alpha === null)
    const gradients = got.backward()
    const wanted = goldenGradients(name)
    assert.equal([...gradients.keys()].sort(), [...wanted.keys()].sort())
    for (const [tensor, gradient] of wanted) {
      // The golden ones are kept as float32.
      const off = relativeDifference(gradients.get(tensor) ?? [], gradient)
      assert.ok(off < 2e-7, `${tensor}: off by ${off}`)
    }
  })
}

test('golden step function: loss and pair mean', async () => {
  const inputs = { ...ruleOf(Number.POSITIVE_INFINITY), tokens, T: MICRO_T, gamma: 0 }
  const { crossEntropy, pairMeans } = lossReference(config, await microWeights(), inputs)
  close(crossEntropy, golden.alpha_inf.lm_loss, 1e-9, 'cross-entropy')
  close(meanOf(pairMeans), golden.alpha_inf.pair_mean, 1e-9, 'pair mean')
})

test('golden: ten steps of AdamW', async () => {
  const weights = await microWeights()
  const moments = new Map(
    [...weights].map(([name, values]) => {
      const [first, second] = [new Float64Array(values.length), new Float64Array(values.length)]
      return [name, { values, first, second }]
    }),
  )
  assert.is(golden.adamw_steps.length, 10)
  for (const { step, alpha, lr, lm_loss, pair_mean, loss, grad_norm } of golden.adamw_steps) {
    const got = lossReference(config, weights, { ...ruleOf(alpha), tokens, T: MICRO_T, gamma: 0.3 })
    // Rounding grows from step to step; it starts at 1e-16.
    close(got.crossEntropy, lm_loss, 1e-6, `step ${step}: cross-entropy`)
    close(meanOf(got.pairMeans), pair_mean, 1e-6, `step ${step}: pair mean`)
    close(got.loss, loss, 1e-6, `step ${step}: loss`)
    const gradients = got.backward()
    close(gradientNormReference(gradients.values()), grad_norm, 1e-6, `step ${step}: gradient norm`)
    for (const [name, parameter] of moments) {
      const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
      adamwReference(parameter, gradients.get(name) ?? [], options, { step, rate: lr })
    }
  }
})

test('AdamW by hand: bias correction, decay, clipping', () => {
  const parameter = { values: Float64Array.of(2), first: Float64Array.of(0.5), second: Float64Array.of(0.25) }
  const options = { beta1: 0.5, beta2: 0.75, epsilon: 0.5 }
  // g = 4 / 2: m = 1.25 over 1 - 0.5^2, v = 1.1875 over 1 - 0.75^2.
  adamwReference(parameter, [4], options, { step: 1, rate: 0.1, scale: clipScale(4, 2), decay: 0.5 })
  const change = 1.25 / 0.75 / (Math.sqrt(1.1875 / 0.4375) + 0.5) + 0.5 * 2
  assert.ok(Math.abs(parameter.values[0] - (2 - 0.1 * change)) < 1e-15)
  assert.equal([parameter.first[0], parameter.second[0]], [1.25, 1.1875])
  assert.equal([clipScale(4, null), clipScale(4, 5), clipScale(4, 1)], [1, 1, 0.25])
  assert.is(gradientNormReference([[3, 0], [4], [12]]), 13)
})

test('5: what is left never grows with the query, and each query takes its own factor', () => {
  const [n, r] = [6, 2]
  const scores = Float64Array.from({ length: n * 2 * r }, (_, i) => Math.sin(3 * i))
  for (const alpha of [1, 1.5, 8]) {
    const { own, rho } = softMaskRhoReference(scores, { T: n, r, beta: 0.3, alpha })
    for (let j = 0; j < n; j++) {
      for (let k = 0; k <= j; k++) assert.equal([own[k * n + j], rho[k * n + j]], [0, 0])
      for (let k = j + 1; k < n; k++) assert.ok(own[k * n + j] <= own[(k - 1) * n + j])
    }
  }
})

test('6: the golden 4 x 4', () => {
  const x = [[0.4], [-0.2, 1.3], [0.6, -1.1, 0]]
  // Keys are unit vectors times sqrt(r), so that a query's own coordinates are its scores.
  const [n, r] = [4, 4]
  const scores = new Float64Array(n * 2 * r)
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < k; j++) scores[k * 2 * r + j] = x[k - 1][j]
    scores[k * 2 * r + r + k] = Math.sqrt(r)
  }
  const below = (matrix: Float64Array) =>
    x.map((row, k) => row.map((_, j) => Number(matrix[(k + 1) * n + j].toFixed(4))))
  const mask = softMaskRhoReference(scores, { T: n, r, beta: 0, alpha: 2 })
  assert.equal(below(mask.own.map(Math.exp)), [[0.7], [0.28, 1], [0.224, 0, 0.5]])
  // 1 / (2 p), and 0 where p is 0 or 1.
  assert.equal(below(mask.rho), [[0.7143], [1.25, 0], [0.625, 0, 1]])
  const Hm = new Float64Array(n * n)
  const dS = [[0.1], [-0.05, 0.2], [0.3, -0.4, 0.07]]
  for (let k = 1; k < n; k++) Hm.set(dS[k - 1], k * n)
  const loss = { weight: 0.6 / 6, counted: n }
  const ones = { own: mask.own, rho: new Float64Array(n * n).fill(1) }
  assert.equal(below(dropScoreGradientsReference(ones, Hm, loss, n)), [
    [0.4704],
    [0.3004, 0.3],
    [0.3224, 0, 0.12],
  ])
  const gX = dropScoreGradientsReference(mask, Hm, loss, n)
  assert.equal(below(gX), [[0.336], [0.3755, 0], [0.2015, 0, 0.12]])
  assert.is(gX.reduce((sum, value) => sum + value).toFixed(4), '1.0330')
})

test('8: nothing dropped is dense', () => {
  const inputs = { tokens: tokensOf(1), T, gamma: 0.3 }
  for (const alpha of [1, 2, 8]) {
    const weights = randomWeights(SMALL, { seed: 3, spread: 1, beta: 60 })
    const soft = lossReference(SMALL, weights, { ...inputs, ...ruleOf(alpha) })
    const dense = lossReference(SMALL, weights, { ...inputs, ...ruleOf(null) })
    assert.ok(Math.abs(soft.crossEntropy - dense.crossEntropy) < 1e-12)
    assert.ok(Math.abs(meanOf(soft.pairMeans) - 1) < 1e-12)
    for (const size of [T, T + 3]) {
      for (const rule of [
        { kind: 'local', size: size },
        { kind: 'strided', size: size },
      ] as const) {
        assert.is(lossReference(SMALL, weights, { ...inputs, rule, alpha }).loss, dense.loss)
      }
    }
  }
})

test('19: the pair mean of constant scores', () => {
  for (const [n, c] of [
    [5, 2],
    [9, -1],
  ]) {
    const s = 1 / (1 + Math.exp(-c))
    const { own } = softMaskRhoReference(new Float64Array(n * 2), { T: n, r: 1, beta: c, alpha: 1 })
    for (const counted of [n, n - 1]) {
      let sum = 0
      for (let m = 1; m < counted; m++) sum += (counted - m) * s ** m
      close(pairMeanReference(own, n, counted), sum / ((counted * (counted - 1)) / 2), 1e-12, `${counted}`)
    }
    // The reference code's mean (docs/method.md, Objective): rows up to n - 2, all columns, 1 on the diagonal and above it.
    let whole = 0
    for (let k = 0; k < n - 1; k++) for (let j = 0; j < n; j++) whole += j < k ? Math.exp(own[k * n + j]) : 1
    const share = ((n - 1) * (n - 2)) / 2 / (n * (n - 1))
    close(whole / (n * (n - 1)), (n + 2) / (2 * n) + share * pairMeanReference(own, n, n - 1), 1e-12, 'code')
  }
})

test('distillation: the divergence is 0 from oneself, and its gradient alone has no use for targets', () => {
  const logits = Float64Array.of(1, 2, 0.5, -1, 0, 3)
  const options = { V: 3, scale: 0.5, distill: 1 }
  const same = crossEntropyBackwardReference(logits, [0, 2], { ...options, teacher: logits })
  assert.ok(Math.abs(same.divergence) < 1e-15)
  assert.ok(same.dLogits.every((value) => Math.abs(value) < 1e-15))
  const teacher = Float64Array.of(0, 0, 0, 1, 1, 1)
  const other = crossEntropyBackwardReference(logits, [0, 2], { ...options, teacher })
  assert.equal(crossEntropyBackwardReference(logits, [1, 1], { ...options, teacher }).dLogits, other.dLogits)
  assert.throws(() => crossEntropyBackwardReference(logits, [0, 2], options), /no teacher/)
})

test.run()
