/** What may be asked of a policy; every other request ends in one line. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Gpt2Config } from '../../src/engine/gpt2/config.js'
import { METHOD_NAMES } from '../../src/engine/methods.js'
import type { EvictingRule } from '../../src/engine/policies/index.js'
import { Failure } from '../../src/errors.js'
import { chooseLevel, chooseLevels, type LevelFlags, type Pruneable } from '../../src/pruning/choose.js'
import { needsSearch, requestedSparsity } from '../../src/pruning/level.js'
import { foundPolicy } from '../../src/pruning/policy-record.js'
import { atContext, knownRule } from '../../src/pruning/resolve.js'
import { LEARNED_POLICIES } from '../../src/record/names.js'
import { openBundled } from '../golden.js'

const tiny = await openBundled('asp-tiny')
const dense = await openBundled('asp-tiny-dense')

const test = suite('checking a policy')

test('a size or a share, on any checkpoint', () => {
  const of = (asked: LevelFlags) => chooseLevel(dense, asked)
  assert.equal(of({ policy: 'h2o', size: 8 }), { policy: 'h2o', target: { kind: 'size', size: 8 } })
  assert.equal(of({ policy: 'h2o', sparsity: 0.5 }), {
    policy: 'h2o',
    target: { kind: 'sparsity', sparsity: 0.5 },
  })
  assert.equal(of({ policy: 'expected', size: 5 }), { policy: 'expected', target: { kind: 'size', size: 5 } })
})

test('heads decide for themselves where it is asked for, of every policy that can', () => {
  const [level, other] = chooseLevels(
    dense,
    { policies: ['h2o', 'lagkv', 'dense'], sparsities: [0.5], granularity: 'head' },
    () => [],
  )
  assert.equal(level, {
    policy: 'h2o',
    target: { kind: 'sparsity', sparsity: 0.5 },
    granularity: 'head',
  })
  const { size } = knownRule(other, atContext(128), dense.config) as EvictingRule
  assert.equal(knownRule(other, atContext(128), dense.config), { kind: 'lagkv', size, granularity: 'head' })
  const shared = chooseLevel(dense, { policy: 'h2o', size: 8, granularity: 'layer' })
  assert.equal(knownRule(shared, atContext(128), dense.config), { kind: 'h2o', size: 8 })
})

test('a known shift for a share is searched no more, and the share is kept', () => {
  const level = chooseLevel(tiny, { sparsity: 0.5, shift: -0.4 })
  assert.not(needsSearch(level))
  assert.is(requestedSparsity(level), 0.5)
  assert.equal(knownRule(level, atContext(64), tiny.config), { kind: 'adaptive', shift: -0.4 })
})

test('what a checkpoint was taught is what decides, and nothing else that is learned', () => {
  assert.equal(LEARNED_POLICIES, METHOD_NAMES)
  const taught = (gate: Gpt2Config['gate']): Pruneable => ({
    ...dense,
    id: 'own',
    config: { ...dense.config, gate },
  })
  const kvzap = taught({ method: 'kvzap', window: 8, threshold: -4 })
  const target = { kind: 'sparsity', sparsity: 0.5 } as const
  assert.equal(chooseLevel(kvzap, { sparsity: 0.5 }), { policy: 'kvzap', target })
  assert.equal(chooseLevel(kvzap, {}), { policy: 'kvzap', target: { kind: 'own' } })
  assert.equal(chooseLevel(taught({ method: 'trimkv' }), { policy: 'trimkv', shift: 1 }), {
    policy: 'trimkv',
    target: { kind: 'shift', shift: 1, sparsity: undefined },
  })
  assert.equal(foundPolicy(chooseLevel(kvzap, {}), kvzap.config, { kind: 'adaptive', shift: 0 }, null, 1), {
    parameters: { window: 8, threshold: -4 },
    threshold_shift: 0,
    calibration: null,
  })
  const refused: [Pruneable, LevelFlags, RegExp][] = [
    [kvzap, { policy: 'adaptive' }, /^--policy adaptive: checkpoint own was taught to drop by kvzap$/],
    [
      kvzap,
      { policy: 'trimkv', sparsity: 0.5 },
      /^--policy trimkv: checkpoint own was taught to drop by kvzap$/,
    ],
    [tiny, { policy: 'kvzap' }, /^--policy kvzap: checkpoint asp-tiny was taught to drop by adaptive$/],
    [dense, { policy: 'kvzap' }, /^--policy kvzap: checkpoint asp-tiny-dense has no gate weights to decide/],
  ]
  for (const [checkpoint, asked, says] of refused) {
    assert.throws(
      () => chooseLevel(checkpoint, asked),
      (error: unknown) => error instanceof Failure && says.test(error.message) && error.hint !== undefined,
    )
  }
})

const REFUSED: [asked: LevelFlags, says: RegExp, hint: RegExp][] = [
  [{ policy: 'h2o' }, /^--policy h2o: needs the share of context to remove$/, /budget in tokens: --size/],
  [
    { policy: 'h2o', size: 8, sparsity: 0.5 },
    /^--size 8: takes the place of --sparsity, got --sparsity 0\.5 as well$/,
    /one/,
  ],
  [
    { policy: 'tova', size: 0 },
    /^--size: the budget of tova must be a whole number from 1, got 0$/,
    /tokens/,
  ],
  [{ policy: 'expected', size: 4 }, /must be a whole number from 5, got 4$/, /tokens/],
  [{ policy: 'strided', size: 2.5 }, /^--size: the stride of strided .* got 2\.5$/, /tokens/],
  [{ policy: 'adaptive', size: 8 }, /^--size 8: the adaptive policy has no size$/, /leave --size out/],
  [{ size: 8 }, /^--size 8: the adaptive policy has no size$/, /leave --size out/],
  [{ policy: 'local', shift: 1 }, /^--shift 1: the local policy has no threshold$/, /leave/],
  [{ policy: 'random', size: 8, granularity: 'head' }, /^--granularity head: the random policy makes/, /h2o/],
  [
    { policy: 'local', size: 8, granularity: 'head' },
    /the local policy makes one decision a layer$/,
    /lagkv/,
  ],
  [{ sparsity: 0.5, granularity: 'head' }, /the adaptive policy makes one decision a layer$/, /tova/],
  [{ shift: Number.POSITIVE_INFINITY }, /^--shift: must be a number, got Infinity$/, /record/],
]
for (const [asked, says, hint] of REFUSED) {
  test(`refused: ${JSON.stringify(asked)}`, () => {
    assert.throws(
      () => chooseLevel(tiny, asked),
      (error: unknown) => error instanceof Failure && says.test(error.message) && hint.test(error.hint ?? ''),
    )
  })
}

test('a checkpoint with selective attention is pruned by it, or not at all', () => {
  const selective = { id: 'own', config: { ...dense.config, selective: true } }
  const shift = { policy: 'selective', target: { kind: 'shift', shift: 2, sparsity: undefined } }
  assert.equal(chooseLevel(selective, { shift: 2 }), shift)
  assert.equal(chooseLevel(selective, { policy: 'dense' }), { policy: 'dense' })
  for (const [asked, says] of [
    [{ policy: 'h2o', size: 8 }, /^--policy h2o: does not know the selective attention of checkpoint own$/],
    [{ policy: 'adaptive' }, /^--policy adaptive: checkpoint own was taught to drop by selective$/],
  ] as const) {
    assert.throws(
      () => chooseLevel(selective, asked),
      (error: unknown) => error instanceof Failure && says.test(error.message),
    )
  }
})

test.run()
