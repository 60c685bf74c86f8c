import * as assert from 'uvu/assert'
import { chooseMatmul, type MatmulFlags, type WeightDtype } from '../../src/engine/matmul.js'
import { onEachAdapter } from '../gpu.js'
import { expectedOf, largestDifference, multiply, problem } from './matmul-fixture.js'

/** Odd shapes, no multiple of any tile; every flag, and every number of rows that a kernel is compiled for. */
const CASES: [dtype: WeightDtype, M: number, K: number, N: number, flags: MatmulFlags][] = [
  ['f32', 1, 64, 97, {}],
  ['f16', 2, 192, 33, { accumulate: true }],
  ['f16', 3, 68, 130, {}],
  ['f32', 7, 192, 130, { activation: 'gelu-tanh' }],
  ['f16', 13, 64, 65, { activation: 'gelu-tanh' }],
  ['f32', 65, 64, 704, { accumulate: true }],
  ['f16', 129, 192, 97, { activation: 'gelu-tanh', accumulate: true }],
]

await onEachAdapter('matmul', (test, open) => {
  const { adapter } = open
  for (const [dtype, M, K, N, flags] of CASES) {
    const label = [flags.activation ?? 'none', flags.accumulate ? 'accumulate' : 'replace', dtype].join(', ')
    test(`${M} x ${K} x ${N}, ${label}: agrees with plain loops`, async () => {
      const data = problem(dtype, M, K, N)
      const expected = expectedOf(data, flags)
      const variant = chooseMatmul(adapter, dtype)
      const worst = largestDifference(await multiply(open, variant, data, flags), expected)
      assert.ok(worst < 2e-5, `${variant.name} is off by ${worst}`)
    })
  }

  test('a row has the same bits alone and among others', async () => {
    const [M, K, N] = [65, 64, 97]
    const data = problem('f32', M, K, N)
    const variant = chooseMatmul(adapter, 'f32')
    const together = await multiply(open, variant, data, {})
    for (const [first, end] of [
      [64, 65],
      [13, 15],
      [0, 3],
      [60, 65],
      [20, 31],
      [5, 22],
    ]) {
      const rows = { ...data, M: end - first, a: data.a.slice(first * K, end * K) }
      const alone = await multiply(open, variant, rows, {})
      assert.equal(alone, together.slice(first * N, end * N), `rows ${first} to ${end - 1}`)
    }
  })

  test('GELU of huge values stays finite', async () => {
    const [M, K, N] = [1, 4, 4]
    const bias = Float32Array.of(1e5, -1e5, 20, -20)
    const weights = new Float32Array(K * N)
    const data = {
      M,
      K,
      N,
      a: new Float32Array(K),
      stored: weights,
      weights,
      bias,
      residual: new Float32Array(N),
    }
    const got = await multiply(open, chooseMatmul(adapter, 'f32'), data, { activation: 'gelu-tanh' })
    assert.equal([...got].map(Math.abs), [1e5, 0, 20, 0])
  })

  if (adapter.kind === 'llvmpipe' || adapter.kind === 'swiftshader') {
    test('the adapter has a kernel of its own', () => {
      const lanes = adapter.kind === 'llvmpipe' ? 8 : 4
      assert.is(chooseMatmul(adapter, 'f32').name, `subgroup${lanes}-f32`)
    })
  }
})
