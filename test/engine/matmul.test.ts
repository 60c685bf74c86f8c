import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { listAdapters, type OpenDevice, openDevice } from '../../src/device/open.js'
import { kernelsOf } from '../../src/engine/gpu/kernel.js'
import { Memory } from '../../src/engine/gpu/memory.js'
import { readBack } from '../../src/engine/gpu/read.js'
import { f16ToF32, f32ToF16 } from '../../src/engine/half.js'
import {
  chooseMatmul,
  type MatmulFlags,
  type MatmulVariant,
  matmulVariants,
  type WeightDtype,
} from '../../src/engine/matmul.js'
import { seededFloats } from '../reference/floats.js'
import { matmulReference } from '../reference/matmul.js'

interface Problem {
  M: number
  K: number
  N: number
  a: Float32Array
  /** As the variant's dtype stores them. */
  stored: Float32Array | Uint16Array
  weights: Float32Array
  bias: Float32Array
  residual: Float32Array
}

/** Odd shapes, no multiple of any tile; every flag, and every number of rows that a kernel is compiled for. */
const CASES: [dtype: WeightDtype, M: number, K: number, N: number, flags: MatmulFlags][] = [
  ['f32', 1, 64, 97, {}],
  ['f16', 2, 192, 33, { accumulate: true }],
  ['f16', 3, 68, 130, {}],
  ['f32', 7, 192, 130, { gelu: true }],
  ['f16', 13, 64, 65, { gelu: true }],
  ['f32', 65, 64, 704, { accumulate: true }],
  ['f16', 129, 192, 97, { gelu: true, accumulate: true }],
]

function problem(dtype: MatmulVariant['dtype'], M: number, K: number, N: number): Problem {
  const floats = seededFloats(M * 1e6 + K * 1e3 + N)
  const values = floats(K * N)
  const stored = dtype === 'f16' ? Uint16Array.from(values, f32ToF16) : values
  const weights = stored instanceof Uint16Array ? Float32Array.from(stored, f16ToF32) : stored
  return { M, K, N, a: floats(M * K), stored, weights, bias: floats(N), residual: floats(M * N) }
}

/** Runs one variant; the result's rows are N long, without the padding. */
async function multiply(
  { device }: OpenDevice,
  variant: MatmulVariant,
  { M, K, N, a, stored, bias, residual }: Problem,
  flags: MatmulFlags,
): Promise<Float32Array> {
  const memory = new Memory(device)
  const kernels = kernelsOf(device)
  const width = variant.columns(N)
  const padded = new Float32Array(M * width)
  for (let m = 0; m < M; m++) padded.set(residual.subarray(m * N, (m + 1) * N), m * width)
  const biases = memory.storage('weights', 'bias', width * 4)
  memory.write(biases, bias)
  const uniform = memory.uniform('shape', 16)
  memory.write(uniform, Uint32Array.of(M))
  const out = memory.upload('activations', 'out', padded)
  const { spec, grid } = variant.plan(M, K, N, flags)
  await kernels.prepare([spec])
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  const weights = memory.upload('weights', 'weights', variant.pack(K, N, stored))
  const rows = memory.upload('activations', 'a', a)
  kernels.dispatch(pass, spec, [rows, weights, biases, out, uniform], grid)
  pass.end()
  const read = readBack(memory, encoder, out, M * width * 4)
  device.queue.submit([encoder.finish()])
  const wide = new Float32Array(await read.bytes())
  memory.freeAll()
  return Float32Array.from({ length: M * N }, (_, i) => wide[Math.floor(i / N) * width + (i % N)])
}

function largestDifference(got: Float32Array, expected: Float64Array): number {
  return got.reduce((worst, value, i) => {
    const difference = Math.abs(value - expected[i])
    return difference <= worst ? worst : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }, 0)
}

for (const { name, kind } of await listAdapters()) {
  const matmul = suite(`matmul on ${name}`)
  let open: OpenDevice
  matmul.before(async () => {
    open = await openDevice({ device: name })
  })
  matmul.after(() => open.close())

  for (const [dtype, M, K, N, flags] of CASES) {
    const label = [...Object.keys(flags), dtype].join(', ')
    matmul(`${M} x ${K} x ${N}, ${label}: each variant agrees with plain loops`, async () => {
      const data = problem(dtype, M, K, N)
      const expected = matmulReference(data.a, data.weights, data.bias, [M, K, N], {
        gelu: flags.gelu,
        residual: flags.accumulate ? data.residual : undefined,
      })
      for (const variant of matmulVariants(open.adapter, dtype)) {
        const got = await multiply(open, variant, data, flags)
        const worst = largestDifference(got, expected)
        assert.ok(worst < 2e-5, `${variant.name} is off by ${worst}`)
      }
    })
  }

  matmul('a row has the same bits alone and among others', async () => {
    const [M, K, N] = [65, 64, 97]
    const data = problem('f32', M, K, N)
    const variant = chooseMatmul(open.adapter, 'f32')
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

  matmul('GELU of huge values stays finite', async () => {
    const [M, K, N] = [1, 4, 4]
    const zeros = {
      a: new Float32Array(K),
      stored: new Float32Array(K * N),
      weights: new Float32Array(K * N),
    }
    const data = {
      M,
      K,
      N,
      ...zeros,
      bias: Float32Array.of(1e5, -1e5, 20, -20),
      residual: new Float32Array(N),
    }
    const got = await multiply(open, chooseMatmul(open.adapter, 'f32'), data, { gelu: true })
    assert.equal([...got].map(Math.abs), [1e5, 0, 20, 0])
  })

  if (kind === 'llvmpipe' || kind === 'swiftshader') {
    matmul('has a kernel of its own', () => {
      const lanes = kind === 'llvmpipe' ? 8 : 4
      assert.is(chooseMatmul(open.adapter, 'f32').name, `subgroup${lanes}-f32`)
    })
  }
  matmul.run()
}

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
