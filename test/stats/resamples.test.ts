/** Resamples of several figures at once against the plain loop, paired and seeded. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../../src/stats/bootstrap.js'
import { pairedReplicates } from '../../src/stats/resamples.js'

const test = suite('resamples')

const random = seededRandom(7)
const N = 40
const columns = [0.5, 0.8].map((share) => Array.from({ length: N }, () => Number(random() < share)))
const weights = Array.from({ length: N }, () => 1 + Math.floor(random() * 3))

test('each figure is that of the units drawn, the same units for all', () => {
  const found = pairedReplicates({ columns, weights }, { resamples: 50, seed: 3 })
  const draw = seededRandom(3)
  for (let r = 0; r < 50; r++) {
    const units = Array.from({ length: N }, () => Math.floor(draw() * N))
    const over = units.reduce((sum, unit) => sum + weights[unit], 0)
    for (const [c, column] of columns.entries())
      assert.ok(Math.abs(found[c][r] - units.reduce((sum, unit) => sum + column[unit], 0) / over) < 1e-12)
  }
})

test('columns that are alike stay alike, and the spread is that of the mean', () => {
  const ones = weights.map(() => 1)
  const [a, b] = pairedReplicates(
    { columns: [columns[0], columns[0]], weights: ones },
    { resamples: 4000, seed: 1 },
  )
  assert.equal(a, b)
  const mean = columns[0].reduce((sum, value) => sum + value, 0) / N
  const deviation = Math.sqrt(a.reduce((sum, value) => sum + (value - mean) ** 2, 0) / a.length)
  assert.ok(Math.abs(deviation / Math.sqrt((mean * (1 - mean)) / N) - 1) < 0.05)
})

test.run()
