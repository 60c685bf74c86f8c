/** What the processor's device is found to do: whether its numbers are right, and how fast it is. */
import type { ComputeDevice, DeviceBuffer } from '../compute/device.js'
import { kernelsOf } from '../compute/kernel.js'
import { Memory } from '../compute/memory.js'
import { measurePeak } from '../compute/peak.js'
import { readBack } from '../compute/read.js'
import { chooseMatmul } from '../matmul.js'
import type { AdapterTraits } from '../tuning.js'

/** The first number of a test that is wrong, or null. */
export interface Mismatch {
  index: number
  expected: number
  got: number
}

export interface Speed {
  /** Floating-point operations a second in multiply-adds, registers only: a ceiling for everything else. */
  flops: number
  /** Bytes read and written a second where memory is copied. */
  copied: number
}

// Rows and columns are no multiple of any tile, and enough for every thread to have a part.
const [M, K, N] = [101, 64, 396]

/** Multiplies matrices of small whole numbers, whose sums are exact in whatever order, and compares every one. */
export async function checkMatmul(device: ComputeDevice, adapter: AdapterTraits): Promise<Mismatch | null> {
  const memory = new Memory(device)
  const matmul = chooseMatmul(adapter, 'f32')
  const { spec, grid } = matmul.plan(M, K, N)
  const a = Float32Array.from({ length: M * K }, (_, i) => ((i * 7) % 17) - 8)
  const weights = Float32Array.from({ length: K * N }, (_, i) => ((i * 5) % 13) - 6)
  try {
    await kernelsOf(device).prepare([spec])
    const out = memory.storage('activations', 'out', 4 * M * matmul.columns(N))
    const rows = memory.uniform('rows', 16)
    memory.write(rows, Uint32Array.of(M, 0, 0, 0))
    const bindings = [
      memory.upload('activations', 'a', a),
      memory.upload('weights', 'weights', matmul.pack(K, N, weights)),
      memory.upload('weights', 'bias', new Float32Array(matmul.columns(N)).fill(1)),
      out,
      rows,
    ]
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    kernelsOf(device).dispatch(pass, spec, bindings, grid)
    pass.end()
    const copy = readBack(memory, encoder, out, out.size)
    device.queue.submit([encoder.finish()])
    return firstMismatch(new Float32Array(await copy.bytes()), matmul.columns(N), a, weights)
  } finally {
    memory.freeAll()
  }
}

function firstMismatch(
  out: Float32Array,
  stride: number,
  a: Float32Array,
  weights: Float32Array,
): Mismatch | null {
  for (let row = 0; row < M; row++) {
    for (let column = 0; column < N; column++) {
      let expected = 1
      for (let k = 0; k < K; k++) expected += a[row * K + k] * weights[k * N + column]
      const index = row * stride + column
      if (out[index] !== expected) return { index, expected, got: out[index] }
    }
  }
  return null
}

/** More than most caches hold. */
const COPY_BYTES = 64 * 2 ** 20

/** Takes some half a second. */
export async function measureSpeed(device: ComputeDevice, adapter: AdapterTraits): Promise<Speed> {
  return { flops: await measurePeak(device, adapter), copied: await measureCopy(device) }
}

async function measureCopy(device: ComputeDevice, runs = 4): Promise<number> {
  const memory = new Memory(device)
  try {
    const [one, other] = ['one', 'other'].map((label) => memory.storage('activations', label, COPY_BYTES))
    await memory.settled()
    const copy = async (from: DeviceBuffer, to: DeviceBuffer): Promise<void> => {
      const encoder = device.createCommandEncoder()
      encoder.copyBufferToBuffer(from, 0, to, 0, COPY_BYTES)
      device.queue.submit([encoder.finish()])
      await device.queue.onSubmittedWorkDone()
    }
    // There is no memory behind pages that were never written: copies to and fro give both buffers theirs.
    await copy(one, other)
    await copy(other, one)
    let best = 0
    for (let run = 0; run < runs; run++) {
      const began = performance.now()
      await copy(one, other)
      best = Math.max(best, (1000 * 2 * COPY_BYTES) / (performance.now() - began))
    }
    return best
  } finally {
    memory.freeAll()
  }
}
