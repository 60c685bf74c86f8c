/** Quality beside cost: what belongs together, and which points are beaten. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { figuresOf } from '../../../src/report/figures/figures.js'
import { judge, type Offer } from '../../../src/report/figures/trades.js'
import { loaded } from '../records-fixture.js'

const SHARED = {
  record: 0,
  path: '',
  checkpoint: 'a',
  policy: 'adaptive',
  by: null,
  sweep: null,
  of: 'piqa',
  metric: 'acc',
  higherIsBetter: true,
  where: 'in tg128',
}

/** A quality with half the width of its interval, and bytes. */
const offer = (requested: number, value: number, half: number | null, amount: number): Offer => ({
  ...SHARED,
  requested,
  value,
  low: half === null ? null : value - half,
  high: half === null ? null : value + half,
  cost: 'cache',
  amount,
  bounds: null,
})

/** The same quality for everybody, and seconds with half the width of theirs. */
const timed = (requested: number, amount: number, half: number | null): Offer => ({
  ...offer(requested, 0.5, 0.1, amount),
  cost: 'latency',
  bounds: half === null ? null : { low: amount - half, high: amount + half },
})

const states = (offers: Offer[]): [number | null, string, string[]][] =>
  judge(offers).map(({ requested, state, betterOnes }) => [requested, state, betterOnes])

const test = suite('trades')

test('a point that costs more and scores less is dominated', () => {
  assert.equal(states([offer(0, 0.5, 0.01, 100), offer(0.5, 0.6, 0.01, 50), offer(0.9, 0.3, 0.01, 10)]), [
    [0, 'dominated', ['a, adaptive at 0.5']],
    [0.5, 'frontier', []],
    [0.9, 'frontier', []],
  ])
})

test('at equal cost it takes a lead in quality beyond the interval of the difference', () => {
  // Halves of 0.07 make one of 0.099.
  assert.is(states([offer(0, 0.5, 0.07, 50), offer(0.5, 0.6, 0.07, 50)])[0][1], 'dominated')
  assert.is(states([offer(0, 0.5, 0.08, 50), offer(0.5, 0.6, 0.08, 50)])[0][1], 'within noise')
  assert.is(states([offer(0, 0.5, null, 50), offer(0.5, 0.6, 0.01, 50)])[0][1], 'within noise')
})

test('bytes are counted; seconds take intervals that do not meet', () => {
  assert.is(states([offer(0, 0.5, 0.1, 51), offer(0.5, 0.5, 0.1, 50)])[0][1], 'dominated')
  assert.is(states([timed(0, 2, 0.4), timed(0.5, 1, 0.4)])[0][1], 'dominated')
  assert.is(states([timed(0, 2, 0.6), timed(0.5, 1, 0.6)])[0][1], 'within noise')
  assert.is(states([timed(0, 2, null), timed(0.5, 1, 0.1)])[0][1], 'within noise')
})

test('two equal points do not dominate each other', () => {
  assert.equal(
    states([offer(0, 0.5, 0.1, 50), offer(0.5, 0.5, 0.1, 50)]).map(([, state]) => state),
    ['frontier', 'frontier'],
  )
})

test('where lower is better, higher is worse', () => {
  const offers = [offer(0, 30, 1, 100), offer(0.5, 20, 1, 50)].map((one) => ({
    ...one,
    higherIsBetter: false,
  }))
  assert.equal(
    judge(offers).map(({ state }) => state),
    ['dominated', 'frontier'],
  )
})

test('separate records are joined where weights, policy and the share asked for are the same', () => {
  const { trades } = figuresOf(loaded('dense.json', 'adaptive.json', 'bench.json'))
  assert.equal(
    trades
      .filter(({ metric, cost }) => metric === 'acc' && cost === 'cache')
      .map(({ of, policy, requested, amount, where }) => [of, policy, requested, amount, where]),
    [
      ['hellaswag', 'dense', null, 1000, 'in tg128 @ d384, batch 2, f16, paged f32'],
      ['hellaswag', 'adaptive', 0.8, 200, 'in tg128 @ d384, batch 2, f16, paged f32'],
    ],
  )
  // The records of wikitext and of a text at 0.5 have one point each, or a share that was not timed.
  assert.equal(
    [...new Set(trades.map(({ of, metric }) => `${of} ${metric}`))],
    ['hellaswag acc', 'hellaswag acc_norm'],
  )
})

test("a sweep's frontiers are taken as they stand", () => {
  const { trades } = figuresOf(loaded('sweep.json'))
  assert.equal(
    trades.map(({ policy, cost, where, amount, state, betterOnes }) => [
      policy,
      cost,
      where,
      amount,
      state,
      betterOnes,
    ]),
    [
      [
        'dense',
        'cache',
        'at 8 tokens (windows), judged over quality, cache',
        4096,
        'dominated',
        ['adaptive-0.8'],
      ],
      ['adaptive', 'cache', 'at 8 tokens (windows), judged over quality, cache', 1024, 'frontier', []],
    ],
  )
})

test.run()
