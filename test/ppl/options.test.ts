import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { choosePplLevels } from '../../src/ppl/levels.js'
import { checkOptions, type PplOptions } from '../../src/ppl/options.js'
import { describeLevel } from '../../src/pruning/level.js'
import { openBundled } from '../golden.js'

const plain: PplOptions = {
  inputs: [],
  column: 'text',
  dtype: 'auto',
  alpha: [],
  protocol: 'windowed',
  limit: 4096,
  seed: 1,
}
const checkpoints = { adaptive: await openBundled('asp-tiny'), dense: await openBundled('asp-tiny-dense') }

const test = suite('ppl options')

const BAD: [options: Partial<PplOptions>, message: RegExp][] = [
  [{ alpha: [8, 1] }, /^--alpha: must be above 1 and at most 64, got 1$/],
  [{ alpha: [1000] }, /got 1000$/],
  [{ limit: 0 }, /^--limit: must be a whole number from 2, got 0$/],
  [{ limit: 10.5 }, /got 10\.5$/],
  [{ batchTokens: -1 }, /^--batch-tokens: must be a whole number from 1, got -1$/],
  [{ ctx: [128, 2] }, /^--ctx: must be at least 4, got 2$/],
  [{ stride: 8 }, /^--stride 8: belongs to --protocol strided, got windowed$/],
  [{ protocol: 'strided', stride: 0 }, /^--stride: must be a whole number from 1, got 0$/],
  [{ protocol: 'strided', ctx: [64, 32], stride: 40 }, /from 1 to the shortest --ctx, 32, got 40$/],
]
for (const [options, message] of BAD) {
  test(String(message), () =>
    assert.throws(() => checkOptions({ ...plain, ...options }), failureLike(message)),
  )
}

test('what can be asked for', () => {
  checkOptions(plain)
  checkOptions({ ...plain, limit: Number.POSITIVE_INFINITY, alpha: [1.5, 64], shift: [0, -0.4] })
  checkOptions({ ...plain, protocol: 'strided', ctx: [64], stride: 64 })
})

const LEVELS: [name: string, on: keyof typeof checkpoints, options: Partial<PplOptions>, levels: string[]][] =
  [
    ['the default', 'adaptive', {}, ['adaptive 0.5', 'adaptive 0.8', 'adaptive 0.9']],
    ['sparsity 0 is the dense model', 'adaptive', { sparsity: [0, 0.7] }, ['adaptive 0.7']],
    ['shifts', 'adaptive', { shift: [0, -0.4] }, ['adaptive shift 0', 'adaptive shift -0.4']],
    ['dense', 'adaptive', { policies: ['dense'] }, []],
    ['nothing to drop with', 'dense', {}, []],
    ['nothing to drop, and nothing asked for', 'dense', { sparsity: [0] }, []],
    [
      'windows need no interaction weights',
      'dense',
      { policies: ['local'] },
      ['local 0.5', 'local 0.8', 'local 0.9'],
    ],
    [
      'windows as given',
      'dense',
      { policies: ['local'], size: [64, 109] },
      ['local 64 tokens', 'local 109 tokens'],
    ],
    ['strides', 'adaptive', { policies: ['strided'] }, ['strided 0.5', 'strided 0.8']],
    [
      'policy by policy, the dense one needs no level',
      'adaptive',
      { policies: ['dense', 'local', 'adaptive', 'local'], sparsity: [0, 0.5, 0.8] },
      ['local 0.5', 'local 0.8', 'adaptive 0.5', 'adaptive 0.8'],
    ],
    ['a window that drops nothing', 'dense', { policies: ['local'], sparsity: [0] }, []],
  ]
for (const [name, on, options, levels] of LEVELS) {
  test(name, () => {
    const chosen = choosePplLevels(checkpoints[on], { ...plain, ...options })
    assert.equal(chosen.levels.map(describeLevel), levels)
    const policies = options.policies ?? ['adaptive']
    const others = [...new Set(policies.filter((name) => name !== 'dense'))]
    assert.equal(chosen.policies, levels.length === 0 ? ['dense'] : others)
    assert.is(chosen.denseOnly, on === 'dense' && options.policies === undefined)
  })
}

const REFUSED: [on: keyof typeof checkpoints, options: Partial<PplOptions>, message: RegExp][] = [
  [
    'adaptive',
    { sparsity: [0.5], shift: [1] },
    /^--shift 1: takes the place of --sparsity, got --sparsity 0\.5 as well$/,
  ],
  [
    'adaptive',
    { sparsity: [0.5], size: [64] },
    /^--size 64: takes the place of --sparsity, got --sparsity 0\.5 as well$/,
  ],
  ['adaptive', { sparsity: [0.5, 1] }, /^--sparsity: must be at least 0 and below 1, got 1$/],
  ['adaptive', { sparsity: [-0.1] }, /got -0\.1$/],
  [
    'adaptive',
    { policies: ['dense'], sparsity: [0.5] },
    /^--sparsity 0\.5: the dense policy removes nothing$/,
  ],
  ['adaptive', { policies: ['dense'], shift: [1] }, /^--shift 1: the dense policy has no threshold$/],
  ['adaptive', { policies: ['dense'], alpha: [8] }, /^--alpha 8: nothing is dropped that it could change$/],
  ['adaptive', { sparsity: [0], alpha: [8] }, /^--alpha 8: nothing is dropped that it could change$/],
  ['dense', { sparsity: [0.8] }, /^--sparsity 0\.8: checkpoint asp-tiny-dense has no interaction weights/],
  [
    'dense',
    { policies: ['adaptive'] },
    /^--policy adaptive: checkpoint asp-tiny-dense has no interaction weights/,
  ],
  ['adaptive', { policies: ['local'], shift: [0] }, /^--shift 0: the local policy has no threshold/],
  ['adaptive', { size: [64] }, /^--size 64: the adaptive policy has no size$/],
  ['adaptive', { policies: ['dense'], size: [64] }, /^--size 64: the dense policy has no size$/],
  [
    'adaptive',
    { policies: ['strided'], size: [0] },
    /^--size: the stride of strided must be a whole number from 1, got 0$/,
  ],
  ['adaptive', { policies: ['strided'], alpha: [8] }, /^--alpha 8: the strided policy has no threshold/],
  ['dense', { policies: ['local'], sparsity: [1] }, /^--sparsity: must be at least 0 and below 1, got 1$/],
  [
    'dense',
    { policies: ['local', 'adaptive'], sparsity: [0.5] },
    /^--policy adaptive: checkpoint asp-tiny-dense has no interaction weights/,
  ],
  [
    'adaptive',
    { policies: ['adaptive', 'local'], shift: [0] },
    /^--shift 0: the local policy has no threshold/,
  ],
  ['dense', { shift: [0] }, /^--shift 0: checkpoint asp-tiny-dense has no interaction weights/],
]
for (const [on, options, message] of REFUSED) {
  test(`${on}: ${message}`, () => {
    assert.throws(() => choosePplLevels(checkpoints[on], { ...plain, ...options }), failureLike(message))
  })
}

function failureLike(message: RegExp) {
  return (error: unknown): boolean =>
    error instanceof Failure && message.test(error.message) && error.hint !== undefined
}

test.run()
