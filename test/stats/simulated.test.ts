/** What the statistics promise, held against simulated data with a known truth. Seeded, so that it holds or not for good. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mean } from '../../src/stats/basics.js'
import { bootstrapInterval, seededRandom } from '../../src/stats/bootstrap.js'
import { pairedShareInterval } from '../../src/stats/mcnemar.js'
import { ratioOf, ratioStandardError, tInterval, type Weighted } from '../../src/stats/paired.js'

const SIMULATIONS = 2000

/** Standard normal values by Box and Muller. */
function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Share of simulated intervals that hold the truth. */
function coverage(truth: number, interval: (i: number) => { low: number; high: number }): number {
  const held = Array.from({ length: SIMULATIONS }, (_, i) => {
    const { low, high } = interval(i)
    return low <= truth && truth <= high ? 1 : 0
  })
  return mean(held)
}

const test = suite('statistics on simulated data')
const promised = (share: number): boolean => share >= 0.93 && share <= 0.97

/** Differences of log-probabilities: most documents hardly change, a few change a lot, and more fall than rise. */
function differences(n: number, seed: number): Weighted {
  const normal = normals(seededRandom(seed))
  const values = Array.from({ length: n }, () => {
    const [a, b] = [normal(), normal()]
    return 0.3 * a - 0.2 * (b * b - 1) - 0.1
  })
  return { values, weights: values.map(() => 1) }
}

/** Texts of very different lengths; the log-probability a word changes by -0.1, with noise by the word and the text. */
function texts(n: number, seed: number): Weighted {
  const normal = normals(seededRandom(seed))
  const weights = Array.from({ length: n }, () => Math.round(200 * Math.exp(0.6 * normal())))
  const values = weights.map((w) => w * (-0.1 + 0.05 * normal()) + Math.sqrt(w) * normal())
  return { values, weights }
}

for (const [name, data, n] of [
  ['documents', differences, 20],
  ['documents', differences, 60],
  ['documents', differences, 120],
  ['texts', texts, 60],
] as const) {
  test(`a 95 % bootstrap interval over ${n} ${name} holds the truth in 93 to 97 % of simulations`, () => {
    const share = coverage(-0.1, (i) => bootstrapInterval(data(n, 1 + i), { resamples: 600, seed: i }))
    assert.ok(promised(share), `${share}`)
  })
}

test('a 95 % t interval over 9 texts holds the truth in 93 to 97 % of simulations', () => {
  const share = coverage(-0.1, (i) => {
    const data = texts(9, 1 + i)
    return tInterval(ratioOf(data), ratioStandardError(data), 8)
  })
  assert.ok(promised(share), `${share}`)
})

test('a 95 % score interval of paired shares holds the truth in at least 93 % of simulations', () => {
  for (const [n, lose, gain] of [
    [50, 0.08, 0.03],
    [200, 0.04, 0.04],
  ]) {
    const random = seededRandom(n)
    const share = coverage(gain - lose, () => {
      const flips = { gained: 0, lost: 0 }
      for (let i = 0; i < n; i++) {
        const draw = random()
        if (draw < lose) flips.lost++
        else if (draw < lose + gain) flips.gained++
      }
      return pairedShareInterval(flips, n)
    })
    assert.ok(share >= 0.93 && share <= 0.98, `${n}: ${share}`)
  }
})

test.run()
