import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseMatmul, type MatmulFlags, type MatmulVariant } from '../../src/engine/matmul.js'

const packing = suite('matmul packing')

packing('puts element (k, n) where the block layout says, and zeros elsewhere', () => {
  const hardware = { kind: 'hardware', features: [], subgroupMinSize: 0, subgroupMaxSize: 0 } as const
  const { pack, block } = chooseMatmul(hardware, 'f16')
  const [K, N] = [4, block + 3]
  const bits = Uint16Array.from({ length: K * N }, (_, i) => i + 1)
  const packed = pack(K, N, bits)
  assert.is(packed.length, 2 * block * K)
  for (let k = 0; k < K; k++) {
    for (let n = 0; n < 2 * block; n++) {
      const at = (Math.floor(n / block) * K + k) * block + (n % block)
      assert.is(packed[at], n < N ? bits[k * N + n] : 0)
    }
  }
})

packing('refuses a K no kernel can read and values of another size', () => {
  const hardware = { kind: 'hardware', features: [], subgroupMinSize: 0, subgroupMaxSize: 0 } as const
  const { pack } = chooseMatmul(hardware, 'f32')
  assert.throws(() => pack(6, 4, new Float32Array(24)), /multiple of 4, got 6/)
  assert.throws(() => pack(4, 4, new Float32Array(15)), /got 15 values/)
})

packing.run()

const plans = suite('matmul plans')
const GPU = { kind: 'hardware', features: ['shader-f16'], subgroupMinSize: 0, subgroupMaxSize: 0 } as const
const kernelOf = (variant: MatmulVariant, rows: number, N: number, flags: MatmulFlags = {}): string => {
  const { spec } = variant.plan(rows, 64, N, flags)
  const kept = spec.variant?.kept
  return kept === undefined ? spec.kernel : `${spec.kernel} ${kept}`
}

plans('hardware that was not tuned takes tiles, and few rows at a time only with anyOrder', () => {
  const variant = chooseMatmul(GPU, 'f32')
  assert.is(kernelOf(variant, 1, 64), 'matmul-tile')
  assert.is(kernelOf(variant, 8, 64, { anyOrder: true }), 'matmul-short')
  assert.is(kernelOf(variant, 9, 64, { anyOrder: true }), 'matmul-tile')
})

plans('the first rule that holds is followed, and none leaves the adapter its own kernel', () => {
  const steady = [
    { rows: 16, columns: 100, kernel: 'halves-64x64' },
    { rows: 16, kernel: 'tile-32x64' },
    { columns: 100, kernel: 'tile-64x64' },
  ]
  const free = [{ rows: 4, kernel: 'short-8' }, { kernel: 'halves-128x128' }]
  const tuned = { ...GPU, tuned: { f32: { steady: [], free: [] }, f16: { steady, free } } }
  const variant = chooseMatmul(tuned, 'f16')
  const kept = (dtype: string) => `matmul-tile8 ${dtype}`
  assert.is(kernelOf(variant, 16, 100), kept('f16'))
  assert.equal(variant.plan(16, 64, 101).grid, [2, 1])
  assert.is(kernelOf(variant, 16, 101), kept('f32'))
  assert.equal(variant.plan(65, 64, 100).grid, [2, 2])
  assert.is(kernelOf(variant, 17, 101), 'matmul-tile')
  assert.is(kernelOf(variant, 4, 64, { anyOrder: true }), 'matmul-short')
  assert.is(kernelOf(variant, 5, 64, { anyOrder: true }), kept('f16'))
  // Interaction weights: nothing may be rounded, so the rules that would are passed over.
  const exact = chooseMatmul(tuned, 'f16', { exact: true })
  assert.is(kernelOf(exact, 16, 100), kept('f32'))
  assert.is(kernelOf(exact, 5, 64, { anyOrder: true }), 'matmul-tile')
  assert.is(kernelOf(chooseMatmul(tuned, 'f32'), 1, 64), 'matmul-tile')
})

plans('software kernels are compiled for the least number of rows that holds all', () => {
  const traits = {
    kind: 'llvmpipe',
    features: ['subgroups'],
    subgroupMinSize: 8,
    subgroupMaxSize: 8,
  } as const
  const variant = chooseMatmul(traits, 'f32')
  const rowsOf = (rows: number) => variant.plan(rows, 64, 64).spec.constants.ROWS
  assert.equal([1, 2, 4, 5, 8, 9, 16, 17, 500].map(rowsOf), [1, 4, 4, 8, 8, 16, 16, 16, 16])
  assert.equal(variant.plan(17, 64, 65).grid, [2, 2])
})

plans.run()
