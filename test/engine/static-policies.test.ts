/** Static policies on the host: death times and what they remove. test/engine/static-rules.test.ts has the forward pass. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import { causalPairs, countDrops } from '../../src/engine/drops.js'
import {
  batchStaticDeaths,
  isStatic,
  STATIC,
  type StaticKind,
  type StaticRule,
  sizedRule,
  staticDeaths,
} from '../../src/engine/policies/index.js'
import { staticReference } from '../reference/static-policies.js'
import { SHAPES } from './shapes.js'

const LENGTHS = [1, 2, 3, 7, 16, 33, 65]

const test = suite('static policies')

for (const kind of Object.keys(STATIC) as StaticKind[]) {
  const { removed, parameter } = STATIC[kind]
  const rule = (size: number): StaticRule => ({ kind, size })
  test(`${kind}: death times and pairs are those of the definition, at every size and length`, () => {
    for (const n of LENGTHS) {
      for (let size = 1; size <= n + 2; size++) {
        const name = `n ${n}, ${parameter} ${size}`
        const expected = staticReference(rule(size), n)
        const deaths = staticDeaths(rule(size), n)
        assert.equal(deaths, expected.deaths, name)
        assert.is(countDrops(deaths).removed, expected.removed, `${name}: a key came back`)
        assert.is(removed(n, size), expected.removed, name)
      }
    }
  })

  test(`${kind}: a shorter sequence dies the same way, as far as it goes`, () => {
    for (const size of [1, 4, 9]) {
      const whole = staticDeaths(rule(size), 40)
      for (const n of [1, 9, 12, 39]) {
        const expected = whole.slice(0, n).map((time) => (time < n ? time : NEVER))
        assert.equal(staticDeaths(rule(size), n), expected)
      }
    }
  })

  test(`${kind}: a size of at least the length drops nothing`, () => {
    for (const n of LENGTHS) {
      for (const size of [n, n + 1, 10 * n]) {
        assert.ok(
          staticDeaths(rule(size), n).every((time) => time === NEVER),
          `n ${n}, ${size}`,
        )
        assert.is(removed(n, size), 0)
      }
    }
  })

  test(`${kind}: a size that is none`, () => {
    for (const size of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const message = new RegExp(`^${kind}: ${parameter} must be a whole number from 1, got ${size}$`)
      assert.throws(() => staticDeaths(rule(size), 4), message)
    }
  })
}

test('sizes known from elsewhere', () => {
  const share = (rule: StaticRule, n: number): number =>
    STATIC[rule.kind].removed(n, rule.size) / causalPairs(n)
  // docs/method.md, Sparsity.
  assert.is(share({ kind: 'local', size: 205 }, 1024).toFixed(2), '0.64')
  assert.is(share({ kind: 'strided', size: 128 }, 1024).toFixed(2), '0.87')
  assert.is(share({ kind: 'local', size: 1 }, 1024), 1)
  assert.is(share({ kind: 'strided', size: 1 }, 1024), 0)
  assert.equal([...staticDeaths({ kind: 'local', size: 2 }, 5)], [2, 3, 4, NEVER, NEVER])
  assert.equal([...staticDeaths({ kind: 'strided', size: 3 }, 7)], [3, 3, NEVER, 6, 6, NEVER, NEVER])
  // Four sinks, then a window.
  const streaming = [NEVER, NEVER, NEVER, NEVER, 6, 7, NEVER, NEVER]
  assert.equal([...staticDeaths({ kind: 'streaming', size: 2 }, 8)], streaming)
})

test('in a batch, positions of a branch count from the beginning of its trunk', () => {
  for (const { name, segments } of SHAPES) {
    const batch = packBatch(segments, [], { queries: 8, keys: 8 })
    for (const rule of [sizedRule('local', 5), sizedRule('strided', 4), sizedRule('streaming', 3)]) {
      const expected = segments.flatMap(({ tokens, trunk }) => {
        const shared = trunk === null ? 0 : segments[trunk].tokens.length
        return [...staticReference(rule, shared + tokens.length).deaths]
      })
      assert.equal([...batchStaticDeaths(batch, rule)], expected, `${name}, ${rule.kind}`)
    }
  }
})

test('other rules are not static', () => {
  assert.equal(
    ['dense', 'adaptive', 'soft', 'local', 'strided', 'streaming', 'toString'].filter((kind) =>
      isStatic({ kind }),
    ),
    ['local', 'strided', 'streaming'],
  )
})

test.run()
