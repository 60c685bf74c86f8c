import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  exactLead,
  type Lead,
  meanLead,
  pacedLead,
  pairedLead,
  pairedMean,
  standings,
} from '../../../src/record/sweep/frontier.js'

const test = suite('frontier')

/** An objective from a table: lead of row over column, and how wide its interval is. */
const from =
  (values: readonly number[], half = 0) =>
  (a: number, b: number): Lead => ({ value: values[a] - values[b], low: values[a] - values[b] - half })

test('a point that is better in one objective and worse in none dominates', () => {
  // Cheaper and as good; cheaper and worse; dearer and better.
  const quality = from([5, 5, 4, 6])
  const cache = from([1, 2, 3, 0])
  assert.equal(standings(4, [quality, cache]), [
    { dominated_by: [1], within_noise_of: [] },
    { dominated_by: [], within_noise_of: [] },
    { dominated_by: [], within_noise_of: [] },
    { dominated_by: [], within_noise_of: [] },
  ])
})

test('a lead within its interval does not dominate, one beyond it in a single objective does', () => {
  const quality = [0.5, 0.6, 0.7]
  assert.equal(
    standings(3, [from(quality, 0.15)]).map(({ dominated_by, within_noise_of }) => [
      dominated_by,
      within_noise_of,
    ]),
    [
      [[2], [1]],
      [[], [2]],
      [[], []],
    ],
  )
  // Noise in quality, but bytes are counted.
  assert.equal(standings(2, [from([0.5, 0.51], 0.2), from([1, 2])])[0].dominated_by, [1])
  // Better by far in one, worse by nothing that could be told in the other: that is a trade.
  assert.equal(standings(2, [from([0.51, 0.5], 0.2), from([1, 2])])[0].dominated_by, [])
})

test('equal points do not dominate each other', () => {
  assert.equal(standings(2, [from([1, 1]), from([2, 2])]), [
    { dominated_by: [], within_noise_of: [] },
    { dominated_by: [], within_noise_of: [] },
  ])
})

test('no two points ever dominate each other', () => {
  let state = 1
  const random = (): number => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  for (let round = 0; round < 200; round++) {
    const axes = [0, 1, 2].map(() =>
      from(
        [0, 1, 2, 3, 4].map(() => Math.round(3 * random())),
        random(),
      ),
    )
    const found = standings(5, axes)
    for (const [b, { dominated_by }] of found.entries()) {
      for (const a of dominated_by) assert.not(found[a].dominated_by.includes(b))
    }
    assert.ok(found.some(({ dominated_by }) => dominated_by.length === 0))
  }
})

test('paired differences of documents: the normal interval of their mean', () => {
  // numpy: d = [1, 0, 0, 1, -1, 0, 0, 1]; d.mean(), d.std(ddof=1) / 8 ** 0.5, and 1.959963984540054 of those below it
  const { mean, stderr } = pairedMean([1, 0, 0, 1, -1, 0, 0, 1])
  assert.is(mean, 0.25)
  assert.ok(Math.abs((stderr ?? 0) - 0.25) < 1e-12)
  assert.ok(Math.abs(pairedLead([1, 0, 0, 1, -1, 0, 0, 1]).low - (0.25 - 0.4899909961350135)) < 1e-12)
})

test('a loss over tokens: windows as units, each as long as it is', () => {
  const { mean, stderr } = pairedMean([2, 1, 3], [10, 5, 5])
  assert.is(mean, 0.3)
  // sqrt(3 / 2 * ((2 - 3)^2 + (1 - 1.5)^2 + (3 - 1.5)^2)) / 20
  assert.ok(Math.abs((stderr ?? 0) - Math.sqrt(1.5 * (1 + 0.25 + 2.25)) / 20) < 1e-15)
})

test('one pair tells nothing, nor do fewer than six rounds', () => {
  assert.is(pairedLead([0.4]).low, Number.NEGATIVE_INFINITY)
  assert.is(meanLead([{ mean: 1, stderr: null }]).low, Number.NEGATIVE_INFINITY)
  assert.is(pacedLead([1, 1, 1, 1, 1], [2, 2, 2, 2, 2]).low, Number.NEGATIVE_INFINITY)
  const six = pacedLead([1, 1, 1, 1, 1, 1], [2, 2.2, 2, 1.9, 2, 2])
  assert.is(six.value, Math.log(2))
  assert.is(six.low, Math.log(1.9))
})

test('a mean of suites: independent errors', () => {
  const { value, low } = meanLead([
    { mean: 0.1, stderr: 0.03 },
    { mean: 0.3, stderr: 0.04 },
  ])
  assert.ok(Math.abs(value - 0.2) < 1e-15)
  assert.ok(Math.abs(low - (0.2 - (1.959963984540054 * 0.05) / 2)) < 1e-12)
  assert.equal(exactLead(-3), { value: -3, low: -3 })
})

test.run()
