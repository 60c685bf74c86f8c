import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NEVER, packBatch, type Segment, type Target } from '../../src/engine/batch.js'
import { causalEntries, causalPairs, countDrops, peakEntries } from '../../src/engine/drops.js'
import { SEGMENT } from '../../src/engine/kernels/structs.js'

const TILES = { queries: 4, keys: 3 }

const segment = (tokens: number[], trunk: number | null = null): Segment => ({ tokens, trunk })

const packing = suite('packBatch')

packing('lays a trunk, its branches and a lone segment out in rows', () => {
  const segments = [segment([10, 11, 12, 13, 14]), segment([20], 0), segment([30, 31]), segment([40, 41], 0)]
  const batch = packBatch(segments, [], TILES)
  assert.is(batch.rows, 10)
  const pairs = (list: Uint32Array) =>
    Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i], list[2 * i + 1]])
  assert.equal(pairs(batch.tokens), [
    [10, 0],
    [11, 1],
    [12, 2],
    [13, 3],
    [14, 4],
    [20, 5],
    [30, 0],
    [31, 1],
    [40, 5],
    [41, 6],
  ])
  // row, length, parent row, parent length, key, parent key
  const rows = segments.map((_, i) => [...batch.table.subarray(SEGMENT.words * i, SEGMENT.words * i + 6)])
  assert.equal(rows, [
    [0, 5, 0, 0, 0, 0],
    [5, 1, 0, 5, 5, 0],
    [6, 2, 0, 0, 11, 0],
    [8, 2, 0, 5, 13, 0],
  ])
  assert.is(batch.keys, 5 + 6 + 2 + 7)
  // Of each tile the count, and every key up to its last query.
  assert.equal(
    [0, 1, 2, 3].map((i) => batch.table[SEGMENT.words * i + 7]),
    [0, 11, 18, 21],
  )
  assert.is(batch.listed, 1 + 4 + 1 + 5 + 1 + 6 + 1 + 2 + 1 + 7)
  assert.equal(batch.views, [
    { first: 0, length: 5 },
    { first: 5, length: 6 },
    { first: 11, length: 2 },
    { first: 13, length: 7 },
  ])
  assert.equal(pairs(batch.queryTiles), [
    [0, 0],
    [0, 4],
    [1, 0],
    [2, 0],
    [3, 0],
  ])
  assert.equal(pairs(batch.trunkTiles), [
    [0, 0],
    [0, 3],
    [2, 0],
  ])
  assert.equal(pairs(batch.branchTiles), [
    [1, 0],
    [1, 3],
    [3, 0],
    [3, 3],
    [3, 6],
  ])
})

packing('a row is scored once, however many targets it has', () => {
  const targets: Target[] = [
    { segment: 1, row: 1, token: 7 },
    { segment: 0, row: 0, token: 8 },
    { segment: 1, row: 1, token: 9 },
    { segment: 1, row: 0, token: 7 },
  ]
  const batch = packBatch([segment([1, 2, 3]), segment([4, 5])], targets, TILES)
  assert.equal([...batch.scoredRows], [0, 3, 4])
  assert.equal([...batch.targets], [2, 7, 0, 8, 2, 9, 1, 7])
})

packing('rows beyond 2^16 stay in order', () => {
  const many = segment(new Array<number>(70_000).fill(1))
  const targets = [69_999, 9, 65_536, 100].map((row) => ({ segment: 0, row, token: 1 }))
  assert.equal([...packBatch([many], targets, TILES).scoredRows], [9, 100, 65_536, 69_999])
})

const WRONG: { what: string; segments: Segment[]; targets?: Target[]; says: RegExp }[] = [
  { what: 'an empty segment', segments: [segment([1]), segment([])], says: /segment 1 has no tokens/ },
  {
    what: 'a branch of a branch',
    segments: [segment([1]), segment([2], 0), segment([3], 1)],
    says: /segment 2 .* 1/,
  },
  { what: 'a branch before its trunk', segments: [segment([1], 1), segment([2])], says: /segment 0 .* 1/ },
  { what: 'a branch of itself', segments: [segment([1], 0)], says: /segment 0 .* 0/ },
  {
    what: 'a target past the end',
    segments: [segment([1]), segment([2])],
    targets: [{ segment: 0, row: 1, token: 0 }],
    says: /segment 0 has no row 1/,
  },
  {
    what: 'a target before the start',
    segments: [segment([1]), segment([2])],
    targets: [{ segment: 1, row: -1, token: 0 }],
    says: /segment 1 has no row -1/,
  },
]
for (const { what, segments, targets = [], says } of WRONG) {
  packing(`refuses ${what}`, () => {
    assert.throws(
      () => packBatch(segments, targets, TILES),
      (error: unknown) => error instanceof RangeError && says.test(error.message),
    )
  })
}

packing.run()

const drops = suite('countDrops')

drops('counts what brute force counts', () => {
  let state = 5
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (const n of [1, 2, 7, 65]) {
    for (let round = 0; round < 20; round++) {
      // A death time at or past the end is as good as never.
      const deaths = Array.from({ length: n }, (_, j) =>
        random(3) === 0 ? NEVER : j + 1 + random(n + 3 - j),
      )
      let removed = 0
      let kept = 0
      for (let j = 0; j < n; j++) {
        for (let k = j + 1; k < n; k++) if (k >= deaths[j]) removed++
        if (deaths[j] > n - 1) kept++
      }
      assert.equal(countDrops(deaths), { removed, kept })
    }
  }
})

drops('the peak is the most that one query sees, all layers together', () => {
  let state = 9
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (const n of [1, 2, 7, 33]) {
    for (let round = 0; round < 10; round++) {
      const layers = [0, 1, 2].map(() =>
        Array.from({ length: n }, (_, j) => (random(3) === 0 ? NEVER : j + 1 + random(n + 3 - j))),
      )
      let peak = 0
      for (let k = 0; k < n; k++) {
        let live = 0
        for (const deaths of layers) live += deaths.filter((death, j) => j <= k && death > k).length
        peak = Math.max(peak, live)
      }
      assert.is(peakEntries(layers), peak)
    }
  }
  assert.is(peakEntries([[NEVER, NEVER, NEVER]]), 3)
  assert.is(peakEntries([[], []]), 0)
  assert.equal([0, 1, 2, 1024].map(causalEntries), [0, 1, 3, 524_800])
})

drops('of everything and of nothing', () => {
  assert.equal(countDrops([]), { removed: 0, kept: 0 })
  assert.equal(countDrops([NEVER]), { removed: 0, kept: 1 })
  assert.equal(countDrops([1, 2, 3, NEVER]), { removed: causalPairs(4), kept: 1 })
  assert.equal([0, 1, 2, 1024].map(causalPairs), [0, 0, 1, 523_776])
})

drops.run()
