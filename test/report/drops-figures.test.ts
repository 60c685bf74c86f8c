/** Who is alive when and who killed whom: counted by hand, and against loops over all (query, key) pairs. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  aliveCounts,
  type Death,
  droppedShares,
  killerWords,
  killings,
  layerSummary,
  seenShare,
} from '../../src/report/drops-figures.js'
import { pythonRandom } from '../../src/stats/python-random.js'
import { DEATHS, dropsRecord } from '../record/drops-fixture.js'

const test = suite('figures of drops')

test('counted by hand', () => {
  const [first] = DEATHS
  assert.equal(aliveCounts(first), [1, 2, 3, 1, 2, 3, 2])
  assert.equal(killings(first), [
    { killer: 3, victims: [0, 1, 2] },
    { killer: 6, victims: [3, 5] },
  ])
  assert.equal(killerWords(dropsRecord(), first), [
    { text: ',', victims: 3 },
    { text: '.', victims: 2 },
  ])
  assert.equal(layerSummary(first), { alive: 2, medianAge: 2 })
  assert.equal(layerSummary([null, null]), { alive: 2, medianAge: null })
  assert.equal(droppedShares(DEATHS), [1, 0.5, 1, 0.5, 0.5, 0.5, 0])
  assert.is(seenShare(1, 0, 7), 0)
  assert.is(seenShare(4, 0, 7), 0.5)
  assert.is(seenShare(null, 0, 7), 1)
  assert.is(seenShare(null, 6, 7), 1)
})

/** Key j is visible to query k where j <= k < t_j. */
const sees = (deaths: readonly Death[], k: number, j: number): boolean =>
  j <= k && k < (deaths[j] ?? Number.POSITIVE_INFINITY)

test('against loops over all pairs', () => {
  const random = pythonRandom(5)
  for (let round = 0; round < 50; round++) {
    const n = 2 + Math.floor(random.random() * 20)
    const deaths: Death[] = Array.from({ length: n }, (_, j) => {
      const death = j + 1 + Math.floor(random.random() * n)
      return death < n ? death : null
    })
    const alive = aliveCounts(deaths)
    for (let k = 0; k < n; k++) {
      let count = 0
      for (let j = 0; j <= k; j++) if (sees(deaths, k, j)) count++
      assert.is(alive[k], count)
    }
    for (let j = 0; j < n - 1; j++) {
      let seen = 0
      for (let k = j + 1; k < n; k++) if (sees(deaths, k, j)) seen++
      assert.is(seenShare(deaths[j], j, n), seen / (n - 1 - j))
    }
    // A killer is the first query that does not see its victim.
    const killed = new Set<number>()
    for (const { killer, victims } of killings(deaths)) {
      for (const j of victims) {
        assert.ok(sees(deaths, killer - 1, j) && !sees(deaths, killer, j))
        killed.add(j)
      }
    }
    assert.is(killed.size, n - layerSummary(deaths).alive)
  }
})

test.run()
