import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseMatmul } from '../../src/engine/matmul.js'

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
