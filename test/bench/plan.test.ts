/** Planning a benchmark: which tests, which configurations, in which order, on which tokens, how many of them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { orderOfRound, planConfigurations } from '../../src/bench/configurations.js'
import { chooseExtent, type ExtentQuestion, Forecast } from '../../src/bench/forecast.js'
import { largestFitting } from '../../src/bench/largest-batch.js'
import { parsePromptGen, planTests, type TestFlags, testName } from '../../src/bench/tests.js'
import { areDistinct, cutWindows, randomTokens } from '../../src/bench/windows.js'
import { DENSE } from '../../src/pruning/level.js'

const test = suite('planning a benchmark')

/** Names of the tests by group, as `ctx: tests`, and `curve` where there is one. */
const TESTS: [flags: TestFlags, nPositions: number, groups: string[], notes: number][] = [
  [{}, 1024, ['512: pp512, tg128'], 0],
  [{ prompt: [128, 256, 512, 1024], gen: [0] }, 1024, ['1024: pp128, pp256, pp512, pp1024'], 0],
  [{ depth: [0, 512] }, 1024, ['1024: pp512, tg128, pp512 @ d512, tg128 @ d512'], 0],
  [
    { promptGen: [{ prompt: 64, gen: 16 }], prompt: [0], gen: [0], depth: [32] },
    1024,
    ['112: pp64+tg16 @ d32'],
    0,
  ],
  [{ ctx: [1024] }, 1024, ['1024: pp1024, tg128 @ d896, curve'], 0],
  [{ ctx: [1024], curve: false }, 1024, ['1024: pp1024, tg128 @ d896'], 0],
  [
    { ctx: [128, 256, 512], gen: [64] },
    1024,
    ['128: pp128, tg64 @ d64, curve', '256: pp256, tg64 @ d192, curve', '512: pp512, tg64 @ d448, curve'],
    0,
  ],
  [{ ctx: [128] }, 1024, ['128: pp128, tg32 @ d96, curve'], 1],
  [{ ctx: [64], gen: [16, 64] }, 1024, ['64: pp64, tg16 @ d48, curve'], 1],
  [{ ctx: [256], depth: [100] }, 1024, ['256: pp256, tg64 @ d192, curve', '228: tg128 @ d100'], 1],
  [{ ctx: [256], prompt: [32] }, 1024, ['256: pp256, tg64 @ d192, curve', '32: pp32'], 1],
  [
    { prompt: [512, 1024], depth: [0, 256] },
    1024,
    ['1024: pp512, pp1024, tg128, pp512 @ d256, tg128 @ d256'],
    1,
  ],
  [{}, 64, ['32: pp32, tg16'], 0],
]
for (const [flags, nPositions, wanted, notes] of TESTS) {
  test(`tests of ${JSON.stringify(flags)}, ${nPositions} positions`, () => {
    const plan = planTests(flags, nPositions)
    const groups = plan.groups.map(
      ({ ctx, tests, curve }) =>
        `${ctx}: ${[...tests.map(testName), ...(curve ? ['curve'] : [])].join(', ')}`,
    )
    assert.equal(groups, wanted)
    assert.is(plan.notes.length, notes, plan.notes.join())
  })
}

const REFUSED: [flags: TestFlags, message: RegExp][] = [
  [{ ctx: [2048] }, /^--ctx: must be at most 1024, .* got 2048$/],
  [{ prompt: [0], gen: [0] }, /^--prompt, --gen, --depth: .* got nothing to measure$/],
  [{ prompt: [1000], gen: [0], depth: [100] }, /^--prompt, --gen, --depth: .* got pp1000 @ d100$/],
]
for (const [flags, message] of REFUSED) {
  test(`refuses ${JSON.stringify(flags)}`, () => {
    assert.throws(
      () => planTests(flags, 1024),
      (error: Error) => message.test(error.message),
    )
  })
}

test('a prompt and what follows it', () => {
  assert.equal(parsePromptGen('--pg', '512,128'), { prompt: 512, gen: 128 })
  assert.equal(parsePromptGen('--pg', ' 64+16'), { prompt: 64, gen: 16 })
  for (const text of ['64', '64,', '64,x', '1,2,3']) {
    assert.throws(() => parsePromptGen('--pg', text), /^--pg: must be two whole numbers, got /)
  }
})

const AXES = {
  levels: [
    { policy: 'adaptive', target: { kind: 'sparsity', sparsity: 0.5 } },
    { policy: 'adaptive', target: { kind: 'sparsity', sparsity: 0.8 } },
  ],
  batches: [1, 8],
  dtypes: ['f16'],
  caches: ['paged', 'mask'],
  cacheDtypes: ['f32'],
  baseline: true,
} as const
const { groups: GROUPS } = planTests({ ctx: [128, 256] }, 1024)

test('configurations: the product, and dense next to each, equal in all else', () => {
  const all = planConfigurations(GROUPS, AXES)
  assert.is(all.length, 2 * 2 * 2 * 3)
  assert.equal(
    all.map(({ id }) => id),
    [...all.keys()],
  )
  for (const one of all) {
    if (one.level.policy === 'dense') assert.is(one.baseline, null)
    else {
      const { level, id, baseline, ...rest } = all[one.baseline ?? Number.NaN]
      assert.equal(level, DENSE)
      const { level: _, id: __, baseline: ___, ...own } = one
      assert.equal(own, rest)
    }
  }
})

test('configurations: no baseline where it is not wanted, not twice where it is there', () => {
  assert.is(planConfigurations(GROUPS, { ...AXES, baseline: false }).length, 16)
  const named = planConfigurations(GROUPS, { ...AXES, levels: [...AXES.levels, DENSE] })
  assert.is(named.length, 24)
  assert.ok(named.every(({ level, baseline }) => (level.policy === 'dense') === (baseline === null)))
})

test('rounds: all of them, every one begins in turn, and places even out over two rounds', () => {
  const count = 5
  const places = Array.from({ length: count }, () => 0)
  for (let round = 0; round < 2 * count; round++) {
    const order = orderOfRound(round, count)
    assert.equal([...order].sort(), [0, 1, 2, 3, 4])
    order.forEach((one, place) => {
      places[one] += place
    })
  }
  assert.ok(
    places.every((sum) => sum === places[0]),
    places.join(),
  )
  assert.equal(
    [0, 1, 2, 3].map((round) => orderOfRound(round, 3)[0]),
    [0, 2, 1, 0],
  )
})

test('windows: side by side, then over again a little further on, the same whatever the batch', () => {
  const text = Uint32Array.from({ length: 100 }, (_, i) => i)
  const three = cutWindows(text, 3, 30)
  assert.equal(
    three.map((window) => [window[0], window[29]]),
    [
      [0, 29],
      [30, 59],
      [60, 89],
    ],
  )
  const nine = cutWindows(text, 9, 30)
  assert.equal(nine.slice(0, 3), three)
  assert.is(new Set(nine.map(([first]) => first)).size, 9)
  assert.ok(areDistinct(text, 3, 30) && !areDistinct(text, 4, 30))
  assert.equal([...cutWindows(Uint32Array.of(7, 8), 2, 5)[1]], [8, 7, 8, 7, 8])
})

test('random tokens: seeded, of the whole vocabulary and nothing else', () => {
  const tokens = randomTokens(20_000, 50, 3)
  assert.equal(randomTokens(20_000, 50, 3), tokens)
  assert.not.equal(randomTokens(20_000, 50, 4), tokens)
  const counts = new Array<number>(50).fill(0)
  for (const token of tokens) counts[token]++
  assert.ok(Math.min(...counts) > 300 && Math.max(...counts) < 500, counts.join())
})

test('the largest batch: doubled, then bisected', () => {
  for (const limit of [0, 1, 2, 3, 7, 8, 100, 4096]) {
    let asked = 0
    const found = largestFitting((n) => {
      asked++
      return n <= limit
    })
    assert.is(found, limit)
    assert.ok(asked <= 26, `${asked} questions for ${limit}`)
  }
  assert.is(
    largestFitting(() => true, 10),
    10,
  )
})

test('forecast: by its own runs, else by its work next to that of others', () => {
  const forecast = new Forecast([10, 20, 40])
  assert.is(forecast.total([0, 1]), null)
  forecast.add(0, 1)
  assert.is(forecast.run(2), 4)
  forecast.add(2, 10)
  forecast.add(2, 30)
  forecast.add(2, 11)
  assert.is(forecast.run(2), 11)
  assert.is(forecast.total([0, 2]), 12)
})

const QUESTION: ExtentQuestion = {
  limit: 100,
  elapsed: 20,
  done: 1,
  wanted: 5,
  round: 10,
  curves: 20,
  stages: 5,
}
const EXTENTS: [changes: Partial<ExtentQuestion>, rounds: number, curves: boolean, stages: boolean][] = [
  [{}, 5, true, true],
  [{ limit: null, round: 1000 }, 5, true, true],
  [{ round: 20 }, 3, true, true],
  [{ round: 30 }, 3, false, true],
  [{ round: 39 }, 3, false, false],
  [{ round: 70 }, 2, false, false],
  [{ round: 500 }, 2, false, false],
  [{ wanted: 1, round: 500, curves: 0, stages: 0 }, 1, true, true],
  [{ wanted: 1, round: 500 }, 1, true, true],
  [{ done: 3, elapsed: 60 }, 4, true, true],
  [{ done: 4, elapsed: 74 }, 4, true, true],
  [{ done: 4, elapsed: 80 }, 5, false, true],
  [{ done: 3, elapsed: 98 }, 3, false, false],
]
for (const [changes, rounds, curves, stages] of EXTENTS) {
  test(`what fits the time limit: ${JSON.stringify(changes)}`, () => {
    assert.equal(chooseExtent({ ...QUESTION, ...changes }), { rounds, curves, stages })
  })
}

test.run()
