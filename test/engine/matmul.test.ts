import * as assert from 'uvu/assert'
import type { OpenDevice } from '../../src/device/open.js'
import { kernelsOf } from '../../src/engine/gpu/kernel.js'
import { Memory } from '../../src/engine/gpu/memory.js'
import { readBack } from '../../src/engine/gpu/read.js'
import { f16ToF32, f32ToF16 } from '../../src/engine/half.js'
import {
  candidates,
  chooseMatmul,
  type MatmulFlags,
  type MatmulVariant,
  singleVariant,
  type WeightDtype,
} from '../../src/engine/matmul.js'
import type { MatmulKernel } from '../../src/engine/matmul-kernels.js'
import { onEachAdapter } from '../gpu.js'
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

/** What a problem's result must be. */
function expectedOf({ a, weights, bias, residual, M, K, N }: Problem, flags: MatmulFlags): Float64Array {
  return matmulReference(a, weights, bias, [M, K, N], {
    gelu: flags.gelu,
    residual: flags.accumulate ? residual : undefined,
  })
}

await onEachAdapter('matmul', (test, open) => {
  const { adapter } = open
  for (const [dtype, M, K, N, flags] of CASES) {
    const label = [...Object.keys(flags), dtype].join(', ')
    test(`${M} x ${K} x ${N}, ${label}: each kernel that needs no tuning agrees with plain loops`, async () => {
      const data = problem(dtype, M, K, N)
      const expected = expectedOf(data, flags)
      for (const kernel of candidates(adapter, dtype).filter(({ tuned }) => !tuned)) {
        const got = await multiply(open, singleVariant(kernel, adapter, dtype), data, flags)
        const worst = largestDifference(got, expected)
        assert.ok(worst < 2e-5, `${kernel.name} is off by ${worst}`)
      }
    })
  }

  for (const kernel of tunedKernels(open)) {
    // K is no multiple of a tile's depth; the last tile, or the last rows, are not full.
    const [K, N] = [68, 130]
    const most = Math.max(...kernel.rows)
    test(`${kernel.name} agrees with plain loops`, async () => {
      const dtype = kernel.rounds ? 'f16' : 'f32'
      for (const M of most < 16 ? [1, most + 3] : [most + 6]) {
        const data = problem(dtype, M, K, N)
        const flags = { gelu: M > 1, accumulate: M > 1 }
        const got = await multiply(open, singleVariant(kernel, adapter, dtype), data, flags)
        const worst = largestDifference(got, expectedOf(data, flags))
        assert.ok(worst < (kernel.rounds ? 5e-3 : 2e-5), `${M} rows: off by ${worst}`)
        assert.ok(!kernel.rounds || worst > 2e-5, `${M} rows: nothing was rounded, off by ${worst}`)
      }
    })
  }

  test('kernels that sum in the same way give the same bits', async () => {
    const data = problem('f32', 35, 68, 130)
    const [first, ...others] = candidates(adapter, 'f32').filter(({ way }) => way === 'ascending')
    const expected = await multiply(open, singleVariant(first, adapter, 'f32'), data, {})
    for (const kernel of others.slice(0, adapter.kind === 'swiftshader' ? 1 : others.length)) {
      assert.equal(
        await multiply(open, singleVariant(kernel, adapter, 'f32'), data, {}),
        expected,
        kernel.name,
      )
    }
  })

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
    const got = await multiply(open, chooseMatmul(adapter, 'f32'), data, { gelu: true })
    assert.equal([...got].map(Math.abs), [1e5, 0, 20, 0])
  })

  if (adapter.kind === 'llvmpipe' || adapter.kind === 'swiftshader') {
    test('the adapter has a kernel of its own', () => {
      const lanes = adapter.kind === 'llvmpipe' ? 8 : 4
      assert.is(chooseMatmul(adapter, 'f32').name, `subgroup${lanes}-f32`)
    })
  }
})

/** Kernels for the tuner that run here; on the bundled driver, where compiling is slow, one of each file. */
function tunedKernels({ adapter }: OpenDevice): MatmulKernel[] {
  const kernels = candidates(adapter, 'f16').filter(({ tuned }) => tuned)
  if (adapter.kind !== 'swiftshader') return kernels
  return [...new Map(kernels.map((kernel) => [kernel.files.join(), kernel])).values()]
}
