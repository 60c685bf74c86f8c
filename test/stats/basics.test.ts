/** Medians and their intervals; lm-eval's statistics are tested where they are used. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { median, medianInterval } from '../../src/stats/basics.js'

const test = suite('statistics')
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).reverse()

test('median', () => {
  assert.is(median([3]), 3)
  assert.is(median([4, 1, 100]), 4)
  assert.is(median([4, 1, 2, 100]), 3)
  assert.is(Number.isNaN(median([])), true)
})

/** Order statistics of the 95 % interval of the median, from tables of the binomial distribution. */
const INTERVALS: [n: number, low: number, high: number, confidence: number][] = [
  [6, 1, 6, 0.96875],
  [8, 1, 8, 0.9921875],
  [9, 2, 8, 0.9609375],
  [10, 2, 9, 0.978515625],
  [12, 3, 10, 0.9614257812],
  [15, 4, 12, 0.96484375],
  [20, 6, 15, 0.9586105347],
]
for (const [n, low, high, confidence] of INTERVALS) {
  test(`interval of the median of ${n} values`, () => {
    const found = medianInterval(upTo(n))
    assert.equal([found.low, found.high, found.enough], [low, high, true])
    assert.ok(Math.abs(found.confidence - confidence) < 1e-9, String(found.confidence))
  })
}

test('too few values: the whole range, and what it is worth', () => {
  assert.equal(medianInterval(upTo(5)), { low: 1, high: 5, confidence: 0.9375, enough: false })
  assert.equal(medianInterval([2]), { low: 2, high: 2, confidence: 0, enough: false })
  assert.is(medianInterval([]).enough, false)
})

test.run()
