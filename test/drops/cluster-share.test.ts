/** Shares out of windows: against statsmodels (scripts/make-cluster-shares.py), and how often their intervals hold the truth. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { clusterShare, type WindowCount } from '../../src/drops/cluster-share.js'
import { pythonRandom } from '../../src/stats/python-random.js'

interface Case {
  windows: WindowCount[]
  share: number
  low: number
  high: number
}
const cases = JSON.parse(
  readFileSync(new URL('../fixtures/drops/cluster-shares.json', import.meta.url), 'utf8'),
) as Case[]

const close = (a: number | null, b: number): void => {
  assert.ok(a !== null && Math.abs(a - b) <= 1e-9 * Math.max(1e-3, Math.abs(b)), `${a} is not ${b}`)
}

const test = suite('shares out of windows')

for (const { windows, share, low, high } of cases) {
  test(`as statsmodels has them: ${windows.length} windows, share ${share.toFixed(3)}`, () => {
    const found = clusterShare(windows)
    close(found.share, share)
    close(found.low, low)
    close(found.high, high)
  })
}

test('what cannot be told is null', () => {
  assert.equal(clusterShare([]), { of: 0, count: 0, share: null, low: null, high: null })
  assert.equal(clusterShare([{ of: 0, count: 0 }]), { of: 0, count: 0, share: null, low: null, high: null })
  const one = [
    { of: 4, count: 1 },
    { of: 0, count: 0 },
  ]
  assert.equal(clusterShare(one), { of: 4, count: 1, share: 0.25, low: null, high: null })
})

test('none and all have intervals too, as wide as that many windows allow', () => {
  const none = clusterShare(new Array(10).fill({ of: 100, count: 0 }))
  assert.ok(
    none.low !== null && none.low < 1e-12 && none.high !== null && Math.abs(none.high - 0.2775) < 1e-3,
  )
  const all = clusterShare(new Array(10).fill({ of: 100, count: 100 }))
  assert.ok(
    all.high !== null && all.high > 1 - 1e-12 && all.low !== null && Math.abs(all.low - 0.7225) < 1e-3,
  )
})

test('95 % intervals hold the truth in some 95 % of simulations, though tokens of a window die together', () => {
  const random = pythonRandom(11)
  const rounds = 2000
  let held = 0
  for (let round = 0; round < rounds; round++) {
    // A window's own rate is 0.1 or 0.5, so the share is 0.3.
    const windows = Array.from({ length: 32 }, () => {
      const rate = random.random() < 0.5 ? 0.1 : 0.5
      const of = 5 + Math.floor(random.random() * 40)
      let count = 0
      for (let i = 0; i < of; i++) if (random.random() < rate) count++
      return { of, count }
    })
    const { low, high } = clusterShare(windows)
    if (low !== null && high !== null && low <= 0.3 && 0.3 <= high) held++
  }
  assert.ok(held / rounds > 0.93 && held / rounds < 0.97, String(held / rounds))
})

test.run()
