import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EVICTING, layerSizes, STATIC, type StaticKind } from '../../src/engine/policies/index.js'
import { Failure } from '../../src/errors.js'
import { type Extent, fitSize, nearestSize } from '../../src/pruning/fit-size.js'
import { pyramidBudget } from '../reference/evictions.js'
import { staticReference } from '../reference/static-policies.js'

const MODEL = { nLayer: 12, nPositions: 1024 }

/** S_pair of a size over sequences, counted pair by pair. */
function shareOf(kind: StaticKind, lengths: readonly number[], size: number): number {
  const sum = (of: (n: number) => number) => lengths.reduce((total, n) => total + of(n), 0)
  return sum((n) => staticReference({ kind, size }, n).removed) / sum((n) => (n * (n - 1)) / 2)
}

const extentsOf = (lengths: readonly number[]): Extent[] => lengths.map((length) => ({ length }))

const fit = (kind: StaticKind, lengths: readonly number[], sparsity: number): number =>
  fitSize(kind, extentsOf(lengths), sparsity, 'of these', MODEL).size

const test = suite('fitting a size')

test('known sizes at 1,024 tokens', () => {
  assert.equal(
    [0, 0.5, 0.64, 0.8, 0.9].map((sparsity) => fit('local', [1024], sparsity)),
    [1024, 301, 206, 109, 54],
  )
  const strides = [0.5, 0.8, 0.9].map((sparsity) => fit('strided', [1024], sparsity))
  assert.ok(strides[0] > strides[1] && strides[1] > strides[2] && strides[2] > 32, strides.join())
  assert.is(fit('strided', [1024], 0), 1024)
})

for (const kind of Object.keys(STATIC) as StaticKind[]) {
  test(`${kind}: no size of the same branch is nearer`, () => {
    for (const lengths of [[64], [33], [5, 40, 40, 17, 1]]) {
      const longest = Math.max(...lengths)
      const shares = Array.from({ length: longest }, (_, i) => shareOf(kind, lengths, i + 1))
      const peak = shares.indexOf(Math.max(...shares))
      for (let sparsity = 0; sparsity <= shares[peak]; sparsity += 0.05) {
        const got = fit(kind, lengths, sparsity)
        const off = Math.min(...shares.slice(peak).map((share) => Math.abs(share - sparsity)))
        assert.ok(got > peak, `size ${got} at ${sparsity}, the most is removed by ${peak + 1}`)
        assert.ok(Math.abs(Math.abs(shares[got - 1] - sparsity) - off) < 1e-12, `${got} at ${sparsity}`)
      }
    }
  })
}

test('what strides cannot remove is refused with what they can', () => {
  for (const [lengths, sparsity, message, hint] of [
    [
      [1024],
      0.95,
      /^--sparsity 0\.95: the strided policy removes at most 0\.93\d of the pairs at ctx 1024, with stride 3\d$/,
      /^ask for at most 0\.93, or for --policy local$/,
    ],
    [[2], 0.5, /removes at most 0\.000 .* with stride 1$/, /at most 0,/],
  ] as const) {
    assert.throws(
      () => fitSize('strided', extentsOf(lengths), sparsity, 'at ctx 1024', MODEL),
      (error: unknown) =>
        error instanceof Failure && message.test(error.message) && hint.test(error.hint ?? ''),
    )
  }
})

test('budgets of a pyramid fall from layer to layer about their mean, and the share is counted over all of them', () => {
  const { removed } = EVICTING.pyramid
  const lengths = [64, 200, 97]
  const pairs = lengths.reduce((sum, n) => sum + (n * (n - 1)) / 2, 0)
  for (const model of [MODEL, { nLayer: 3, nPositions: 200 }, { nLayer: 1, nPositions: 200 }]) {
    const { nLayer: L, nPositions } = model
    const budgets = (size: number) => layerSizes({ kind: 'pyramid', size }, model)
    const shareOf = (size: number): number => {
      const gone = lengths.flatMap((n) => budgets(size).map((budget) => removed(n, budget)))
      return gone.reduce((sum, one) => sum + one, 0) / (L * pairs)
    }
    for (const size of [1, 2, 7, 33, 64, 150, nPositions - 1, nPositions, 2 * nPositions]) {
      const all = budgets(size)
      const expected = all.map((_, layer) => pyramidBudget(size, { layer, L, context: nPositions }))
      assert.equal(all, expected, `${size} of ${L} layers`)
      assert.is(
        all.reduce((sum, budget) => sum + budget, 0),
        L * size,
      )
      assert.ok(all.every((budget, l) => budget >= 1 && (l === 0 || budget <= all[l - 1])))
      if (size >= nPositions) assert.is(new Set(all).size, 1)
      else assert.ok(all[0] <= nPositions)
    }
    const shares = Array.from({ length: nPositions }, (_, i) => shareOf(i + 1))
    for (const sparsity of [0, 0.1, 0.3, 0.5, 0.7]) {
      const { size } = fitSize('pyramid', extentsOf(lengths), sparsity, 'of these', model)
      const nearest = Math.min(...shares.map((share) => Math.abs(share - sparsity)))
      assert.ok(Math.abs(Math.abs(shareOf(size) - sparsity) - nearest) < 1e-12, `${size} at ${sparsity}`)
    }
  }
})

for (const kind of Object.keys(STATIC) as StaticKind[]) {
  test(`${kind}: of frozen sequences what is gone stays gone, and nothing more goes`, () => {
    const extents = [
      { length: 64, frozenFrom: 50 },
      { length: 33, frozenFrom: 33 },
      { length: 40, frozenFrom: 99 },
    ]
    const shares = Array.from({ length: 64 }, (_, i) => {
      const removed = extents.map(
        ({ length, frozenFrom }) => staticReference({ kind, size: i + 1 }, length, frozenFrom).removed,
      )
      const pairs = extents.map(({ length }) => (length * (length - 1)) / 2)
      return removed.reduce((a, b) => a + b) / pairs.reduce((a, b) => a + b)
    })
    const peak = shares.indexOf(Math.max(...shares))
    for (const sparsity of [0, 0.2, 0.5, 0.7]) {
      const { rule, most } = nearestSize(kind, extents, sparsity, MODEL)
      assert.ok(Math.abs(most - shares[peak]) < 1e-12)
      const off = Math.min(...shares.slice(peak).map((share) => Math.abs(share - sparsity)))
      assert.ok(
        Math.abs(Math.abs(shares[rule.size - 1] - sparsity) - off) < 1e-12,
        `${rule.size} at ${sparsity}`,
      )
    }
  })
}

test('sequences of one token have no pairs', () => {
  assert.is(fit('local', [1, 1], 0), 1)
  assert.is(fit('strided', [], 0), 1)
})

test.run()
