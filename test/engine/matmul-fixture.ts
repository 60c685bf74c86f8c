/** Matmuls on made-up numbers and what they must give: what the tests of matmul kernels share. */
import type { OpenDevice } from '../../src/device/open.js'
import { kernelsOf } from '../../src/engine/compute/kernel.js'
import { Memory } from '../../src/engine/compute/memory.js'
import { readBack } from '../../src/engine/compute/read.js'
import { f16ToF32, f32ToF16 } from '../../src/engine/half.js'
import type { MatmulFlags, MatmulVariant } from '../../src/engine/matmul.js'
import { seededFloats } from '../reference/floats.js'
import { matmulReference } from '../reference/matmul.js'

export interface Problem {
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

export function problem(dtype: MatmulVariant['dtype'], M: number, K: number, N: number): Problem {
  const floats = seededFloats(M * 1e6 + K * 1e3 + N)
  const values = floats(K * N)
  const stored = dtype === 'f16' ? Uint16Array.from(values, f32ToF16) : values
  const weights = stored instanceof Uint16Array ? Float32Array.from(stored, f16ToF32) : stored
  return { M, K, N, a: floats(M * K), stored, weights, bias: floats(N), residual: floats(M * N) }
}

/** Runs one variant; the result's rows are N long, without the padding. */
export async function multiply(
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

export function largestDifference(got: Float32Array, expected: Float64Array): number {
  return got.reduce((worst, value, i) => {
    const difference = Math.abs(value - expected[i])
    return difference <= worst ? worst : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }, 0)
}

/** What a problem's result must be. */
export function expectedOf(
  { a, weights, bias, residual, M, K, N }: Problem,
  flags: MatmulFlags,
): Float64Array {
  return matmulReference(a, weights, bias, [M, K, N], {
    activation: flags.activation,
    residual: flags.accumulate ? residual : undefined,
  })
}
