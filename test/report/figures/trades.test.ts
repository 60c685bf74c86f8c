/** Quality beside cost: what belongs together, and which points are beaten. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { figuresOf } from '../../../src/report/figures/figures.js'
import { judge } from '../../../src/report/figures/trades.js'
import { loaded } from '../records-fixture.js'

const SHARED = {
  record: 0,
  path: '',
  checkpoint: 'a',
  policy: 'adaptive',
  quality: 'acc',
  higherIsBetter: true,
  cost: 'cache' as const,
  costOf: 'tg128',
}
const offer = (requested: number, value: number, half: number | null, amount: number) => ({
  ...SHARED,
  requested,
  value,
  low: half === null ? null : value - half,
  high: half === null ? null : value + half,
  amount,
})

const states = (offers: ReturnType<typeof offer>[]): [number | null, string, string[]][] =>
  judge(offers).map(({ requested, state, betterOnes }) => [requested, state, betterOnes])

const test = suite('trades')

test('a point that costs more and scores less is dominated where the intervals do not meet', () => {
  assert.equal(states([offer(0, 0.5, 0.01, 100), offer(0.5, 0.6, 0.01, 50), offer(0.9, 0.3, 0.01, 10)]), [
    [0, 'dominated', ['a, adaptive at 0.5']],
    [0.5, 'frontier', []],
    [0.9, 'frontier', []],
  ])
})

test('where they meet, or there is none, it is within noise', () => {
  assert.equal(states([offer(0, 0.5, 0.06, 100), offer(0.5, 0.6, 0.06, 50)])[0], [
    0,
    'within noise',
    ['a, adaptive at 0.5'],
  ])
  assert.is(states([offer(0, 0.5, null, 100), offer(0.5, 0.6, 0.01, 50)])[0][1], 'within noise')
})

test('the same quality for less dominates; two equal points do not dominate each other', () => {
  assert.is(states([offer(0, 0.5, 0.1, 100), offer(0.5, 0.5, 0.1, 50)])[0][1], 'dominated')
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
      .filter(({ quality, cost }) => quality === 'hellaswag acc' && cost === 'cache')
      .map(({ policy, requested, amount, costOf }) => [policy, requested, amount, costOf]),
    [
      ['dense', null, 1000, 'tg128 @ d384, batch 2, f16, paged f32'],
      ['adaptive', 0.8, 200, 'tg128 @ d384, batch 2, f16, paged f32'],
    ],
  )
  // The records of wikitext and of a text at 0.5 have one point each, or a share that was not timed.
  assert.equal([...new Set(trades.map(({ quality }) => quality))], ['hellaswag acc', 'hellaswag acc_norm'])
})

test("a sweep's frontiers are taken as they stand", () => {
  const { trades } = figuresOf(loaded('sweep.json'))
  assert.equal(
    trades.map(({ policy, cost, costOf, amount, state, betterOnes }) => [
      policy,
      cost,
      costOf,
      amount,
      state,
      betterOnes,
    ]),
    [
      ['dense', 'cache', 'cache (windows), 8 tokens', 4096, 'dominated', ['adaptive-0.8']],
      ['adaptive', 'cache', 'cache (windows), 8 tokens', 1024, 'frontier', []],
    ],
  )
})

test.run()
