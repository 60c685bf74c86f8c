/** Counts of classes against a twin that walks over every query and key. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TokenClasses } from '../../src/drops/classes.js'
import { clusterShare } from '../../src/drops/cluster-share.js'
import { dimensionRecords } from '../../src/drops/figures.js'
import { killerCounts } from '../../src/drops/killers.js'
import { tallyWindow } from '../../src/drops/tally.js'
import { chooseWindows } from '../../src/drops/windows.js'
import { NEVER } from '../../src/engine/batch.js'
import { pythonRandom } from '../../src/stats/python-random.js'

const LAYERS = 3
const AGES = [1, 2, 4, 8]
const KINDS = ['punctuation', 'stop word', 'content word']

interface Window {
  deaths: Uint32Array[]
  classes: TokenClasses[]
}

const random = pythonRandom(7)
const pick = (count: number): number => Math.floor(random.random() * count)

function randomWindow(n: number): Window {
  const deaths = Array.from({ length: LAYERS }, () =>
    Uint32Array.from({ length: n }, (_, j) => {
      const death = j + 1 + pick(n)
      return death < n ? death : NEVER
    }),
  )
  const classes = Array.from({ length: n }, (_, j) => ({
    all: 'all tokens',
    kind: KINDS[pick(KINDS.length)],
    part_of_speech: 'NOUN',
    place_in_word: j === 0 ? 'no word' : 'whole word',
    position: String(j % 2),
  }))
  return { deaths, classes }
}

const windows = Array.from({ length: 6 }, () => randomWindow(12 + pick(8)))
const tallies = windows.map(({ deaths, classes }) => tallyWindow(deaths, classes, AGES))
const dimensions = dimensionRecords(tallies, { layers: LAYERS, ages: AGES.length, kills: true })
const kinds = dimensions.find(({ name }) => name === 'kind')?.classes ?? []

const sees = (deaths: Uint32Array, k: number, j: number): boolean => j <= k && k < deaths[j]

const test = suite('counts of classes')

test('survival by age and at the end, query by query', () => {
  assert.equal(
    kinds.map(({ name }) => name),
    KINDS,
  )
  for (const { name, layers, mean, tokens } of kinds) {
    const together = AGES.map(() => ({ of: 0, count: 0 }))
    let ended = 0
    for (let layer = 0; layer < LAYERS; layer++) {
      const byWindow = windows.map(({ deaths, classes }) => {
        const n = classes.length
        const members = classes.flatMap(({ kind }, j) => (kind === name ? [j] : []))
        const end = members.filter((j) => sees(deaths[layer], n - 1, j)).length
        const ages = AGES.map((age) => {
          const reach = members.filter((j) => j + age < n)
          return { of: reach.length, count: reach.filter((j) => sees(deaths[layer], j + age, j)).length }
        })
        return { end: { of: members.length, count: end }, ages }
      })
      assert.equal(layers[layer].end, clusterShare(byWindow.map(({ end }) => end)))
      for (const [i, age] of AGES.entries()) {
        const expected = clusterShare(byWindow.map(({ ages }) => ages[i]))
        const { of, count, share, low, high } = layers[layer].ages
        assert.equal(
          { of: of[i], count: count[i], share: share[i], low: low[i], high: high[i] },
          expected,
          `${age}`,
        )
        together[i].of += expected.of
        together[i].count += expected.count
      }
      ended += layers[layer].end.count
    }
    assert.equal([mean.end.of, mean.end.count], [LAYERS * tokens, ended])
    assert.equal(
      mean.ages.of,
      together.map(({ of }) => of),
    )
    assert.equal(
      mean.ages.count,
      together.map(({ count }) => count),
    )
  }
})

test('who kills: every death is one killing, by the class of its query', () => {
  for (let layer = 0; layer < LAYERS; layer++) {
    const killings = windows.flatMap(({ deaths, classes }) =>
      [...deaths[layer]].flatMap((death) => (death === NEVER ? [] : [classes[death].kind])),
    )
    const later = windows.flatMap(({ classes }) => classes.slice(1))
    for (const { name, layers } of kinds) {
      const kills = layers[layer].kills
      assert.ok(kills !== null && kills.share !== null && kills.over_base !== null)
      assert.equal(
        [kills.of, kills.count],
        [killings.length, killings.filter((kind) => kind === name).length],
      )
      const base = later.filter(({ kind }) => kind === name).length / later.length
      assert.ok(Math.abs(kills.over_base - kills.share / base) < 1e-12)
    }
  }
})

test('the classes of a dimension are all tokens, and all kills', () => {
  const all = dimensions[0].classes[0]
  for (const { name, classes } of dimensions) {
    const sum = (of: (one: (typeof classes)[number]) => number): number =>
      classes.reduce((total, one) => total + of(one), 0)
    assert.is(
      sum(({ tokens }) => tokens),
      all.tokens,
      name,
    )
    assert.is(
      sum(({ mean }) => mean.end.count),
      all.mean.end.count,
      name,
    )
    assert.is(
      sum(({ mean }) => mean.kills?.count ?? 0),
      all.mean.kills?.of,
      name,
    )
    assert.ok(Math.abs(sum(({ share }) => share) - 1) < 1e-12)
  }
})

test('a window that never drops kills nobody', () => {
  const { classes } = randomWindow(10)
  const deaths = Array.from({ length: LAYERS }, () => new Uint32Array(10).fill(NEVER))
  const [{ classes: all }] = dimensionRecords([tallyWindow(deaths, classes, [1])], {
    layers: LAYERS,
    ages: 1,
    kills: true,
  })
  assert.equal(all[0].mean.end, { of: 30, count: 30, share: 1, low: null, high: null })
  assert.equal(all[0].mean.kills?.share, null)
})

test('words that kill, counted by hand', () => {
  const counts = killerCounts(2)
  counts.add([Uint32Array.of(1, 3, 3, NEVER), Uint32Array.of(NEVER, 2, NEVER, NEVER)], ['a', ' b', ' a', '.'])
  counts.add([Uint32Array.of(1, NEVER), Uint32Array.of(1, NEVER)], ['.', '\n'])
  assert.equal(counts.records(), [
    { text: '\n', tokens: 1, kills: 2, per_layer: [1, 1] },
    { text: '.', tokens: 2, kills: 2, per_layer: [2, 0] },
    { text: 'a', tokens: 2, kills: 1, per_layer: [0, 1] },
    { text: 'b', tokens: 1, kills: 1, per_layer: [1, 0] },
  ])
})

test('windows stand side by side and are spread over a long text', () => {
  const tokens = Uint32Array.from({ length: 103 }, (_, i) => i)
  const firsts = (limit: number): number[] => chooseWindows(tokens, 10, limit).map(({ first }) => first)
  assert.equal(firsts(Number.POSITIVE_INFINITY), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  assert.equal(firsts(35), [0, 30, 60])
  assert.equal(firsts(4), [0])
  assert.equal([...chooseWindows(tokens, 10, 35)[1].input], [30, 31, 32, 33, 34, 35, 36, 37, 38, 39])
})

test.run()
