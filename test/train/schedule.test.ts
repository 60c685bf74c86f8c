/** Alpha and rate by step: their landmarks (docs/method.md, Properties 21), and what happens at both ends. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { alphaAt, LEAST_ALPHA, rateAt } from '../../src/train/schedule.js'

const near = (actual: number, expected: number, tolerance: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`)

const test = suite('schedules')

test('the cosine from 1 to 8 over 25,000 steps passes its landmarks', () => {
  const schedule = { kind: 'cosine', from: 1, to: 8, over: 25_000 } as const
  const landmarks = [
    [0, 1, 1e-12],
    [500, 1.007, 5e-4],
    [1000, 1.028, 5e-4],
    [6170, 2, 5e-3],
    [12_500, 4.5, 1e-9],
    [25_000, 8, 1e-9],
    [40_000, 8, 0],
  ]
  for (const [step, alpha, tolerance] of landmarks)
    near(alphaAt(schedule, step), alpha, tolerance, `step ${step}`)
})

test('stretched to other numbers of steps it is the same curve', () => {
  for (const over of [10, 400, 1000]) {
    for (const part of [0, 0.2468, 0.5, 1, 3]) {
      const long = alphaAt({ kind: 'cosine', from: 1, to: 8, over: 25_000 }, part * 25_000)
      near(alphaAt({ kind: 'cosine', from: 1, to: 8, over }, part * over), long, 1e-9, `${over}, ${part}`)
    }
  }
})

test('linear and constant', () => {
  const linear = { kind: 'linear', from: 2, to: 6, over: 8 } as const
  assert.equal(
    [0, 2, 8, 9].map((step) => alphaAt(linear, step)),
    [2, 3, 6, 6],
  )
  assert.equal(
    [0, 100].map((step) => alphaAt({ kind: 'constant', value: 4 }, step)),
    [4, 4],
  )
})

test('the least alpha is above 1 in f32', () => {
  assert.ok(Math.fround(LEAST_ALPHA) > 1)
  assert.ok(LEAST_ALPHA - 1 < 1e-5)
})

test('the rate rises over the warm-up, then stays', () => {
  const schedule = { kind: 'constant', rate: 0.5, warmup: 4 } as const
  assert.equal(
    [0, 1, 3, 4, 1000].map((step) => rateAt(schedule, step)),
    [0.125, 0.25, 0.5, 0.5, 0.5],
  )
  assert.is(rateAt({ ...schedule, warmup: 0 }, 0), 0.5)
})

test('the rate falls by a cosine to its final share', () => {
  const schedule = { kind: 'cosine', rate: 1, warmup: 10, final: 0.1, over: 110 } as const
  near(rateAt(schedule, 10), 1, 1e-12, 'at the end of the warm-up')
  near(rateAt(schedule, 60), 0.55, 1e-12, 'half way')
  near(rateAt(schedule, 110), 0.1, 1e-12, 'at the end')
  near(rateAt(schedule, 5000), 0.1, 1e-12, 'after it')
})

test.run()
