/** Runs matmul kernels on made-up numbers: whether they compile, whether they are right, how long they take. */
import type { CommandEncoder, ComputeDevice, DeviceBuffer, KernelSpec, Kernels } from './compute/device.js'
import { kernelsOf } from './compute/kernel.js'
import { Memory } from './compute/memory.js'
import { readBack } from './compute/read.js'
import { f32ToF16 } from './half.js'
import { MATMUL_SHAPE } from './kernels/structs.js'
import { type MatmulPlan, singleVariant, type WeightDtype } from './matmul.js'
import type { MatmulKernel } from './matmul-kernels.js'
import type { SizeClass, Timing } from './tuner-choice.js'
import type { AdapterTraits } from './tuning.js'

export interface ProbeSizes {
  K: number
  columns: readonly number[]
  rows: readonly number[]
  /** How long a timed submission should take, about. */
  seconds: number
}

/** Rows of the check: no multiple of anything, so that the last tile or the last rows are not full. */
const CHECKED_ROWS = 13

/** Largest difference from the plainest kernel that is rounding: sums of a few hundred products of numbers up to 1. */
const TOLERANCE = { exact: 1e-4, rounds: 2e-2 }

/** Submissions that a time is the least of; kernels that two show to be far behind get no more. */
const ROUNDS = 5
const FAR_BEHIND = 3

export class Probe {
  readonly #device: ComputeDevice
  readonly #adapter: AdapterTraits
  readonly #dtype: WeightDtype
  readonly #sizes: ProbeSizes
  readonly #memory: Memory
  readonly #kernels: Kernels
  readonly #inputs: DeviceBuffer[]
  readonly #out: DeviceBuffer
  readonly #shape: DeviceBuffer

  constructor(device: ComputeDevice, adapter: AdapterTraits, dtype: WeightDtype, sizes: ProbeSizes) {
    this.#device = device
    this.#adapter = adapter
    this.#dtype = dtype
    this.#sizes = sizes
    this.#memory = new Memory(device)
    this.#kernels = kernelsOf(device)
    const [K, N] = [sizes.K, Math.max(...sizes.columns)]
    const M = Math.max(CHECKED_ROWS, ...sizes.rows)
    const stored = dtype === 'f16' ? Uint16Array.from(noise(K * N), f32ToF16) : noise(K * N)
    this.#inputs = [noise(M * K), stored, noise(N)].map((data) =>
      this.#memory.upload('activations', 'probe', data),
    )
    this.#out = this.#memory.storage('activations', 'probe result', 4 * M * N)
    this.#shape = this.#memory.uniform('probe shape', 16)
  }

  close(): void {
    this.#memory.freeAll()
  }

  /**
   * For each kernel the reason why it may not be used, or null. The first is taken to be right; weights lie in memory
   * as noise, so that any packing is as good as another as long as all kernels read the same one.
   */
  async check(kernels: readonly MatmulKernel[]): Promise<Map<MatmulKernel, string | null>> {
    const verdicts = new Map<MatmulKernel, string | null>()
    const rows = Math.min(CHECKED_ROWS, Math.max(...this.#sizes.rows))
    const size = { rows, columns: Math.min(...this.#sizes.columns) }
    const bits = new Map<MatmulKernel['order'], Float32Array>()
    let expected: Float32Array | null = null
    const compiled = kernels.map((kernel) => this.#compile(kernel)) // all at once: drivers compile on many threads
    await Promise.allSettled(compiled)
    for (const [i, kernel] of kernels.entries()) {
      let got: Float32Array
      try {
        await compiled[i]
        got = await this.#result(kernel, size)
      } catch (error) {
        verdicts.set(kernel, `does not run: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
        continue
      }
      expected ??= got
      const worst = largestDifference(got, expected)
      const same = bits.get(kernel.order) ?? got
      if (!(worst <= (kernel.rounds ? TOLERANCE.rounds : TOLERANCE.exact))) {
        verdicts.set(kernel, `differs by ${worst.toExponential(1)} from ${kernels[0].name}`)
      } else if (kernel.order !== 'split' && largestDifference(got, same) !== 0) {
        verdicts.set(kernel, `sums in another order than others of its way, ${kernel.order}`)
      } else {
        verdicts.set(kernel, null)
        bits.set(kernel.order, same)
      }
    }
    return verdicts
  }

  /**
   * Times kernels on one size, in turns, so that a busy machine slows all alike. What counts is the least time: other
   * work on the machine only ever adds.
   */
  async time(kernels: readonly MatmulKernel[], size: SizeClass): Promise<Timing[]> {
    this.#memory.write(this.#shape, MATMUL_SHAPE.pack(size))
    const runs = kernels.map((kernel) => ({
      kernel,
      plan: this.#plan(kernel, size),
      times: 1,
      samples: [] as number[],
    }))
    for (const run of runs) {
      await this.#submit(run.plan, 1) // the first use may still compile
      const once = await this.#submit(run.plan, 1)
      run.times = Math.max(1, Math.min(MOST_DISPATCHES, Math.round(this.#sizes.seconds / once)))
    }
    for (let round = 0; round < ROUNDS; round++) {
      const best = Math.min(...runs.flatMap(({ samples }) => samples))
      for (const { plan, times, samples } of runs) {
        if (round > 1 && Math.min(...samples) > FAR_BEHIND * best) continue
        samples.push((await this.#submit(plan, times)) / times)
      }
    }
    return runs.map(({ kernel, samples }) => ({
      kernel: kernel.name,
      dtype: this.#dtype,
      ...size,
      seconds: Math.min(...samples),
    }))
  }

  #plan(kernel: MatmulKernel, { rows, columns }: SizeClass): MatmulPlan {
    return singleVariant(kernel, this.#adapter, this.#dtype).plan(rows, this.#sizes.K, columns)
  }

  async #compile(kernel: MatmulKernel): Promise<void> {
    const { rows, columns } = this.#sizes
    const specs = new Map<string, KernelSpec>()
    for (const N of columns) {
      for (const M of [...rows, CHECKED_ROWS]) {
        const { spec } = this.#plan(kernel, { rows: M, columns: N })
        specs.set(JSON.stringify(spec.constants), spec)
      }
    }
    // A shader that is refused is no failure of the device, and must not be taken for one.
    this.#device.pushErrorScope('validation')
    const compiled = Promise.all([...specs.values()].map((spec) => this.#kernels.prepare([spec])))
    await Promise.all([compiled, this.#device.popErrorScope()])
  }

  async #result(kernel: MatmulKernel, { rows, columns }: SizeClass): Promise<Float32Array> {
    this.#memory.write(this.#shape, MATMUL_SHAPE.pack({ rows }))
    this.#memory.write(this.#out, new Float32Array(rows * columns).fill(Number.NaN))
    this.#device.pushErrorScope('validation')
    const encoder = this.#encode(this.#plan(kernel, { rows, columns }), 1)
    const copy = readBack(this.#memory, encoder, this.#out, 4 * rows * columns)
    this.#device.queue.submit([encoder.finish()])
    const [error, bytes] = await Promise.all([this.#device.popErrorScope(), copy.bytes()])
    if (error !== null) throw new Error(error.message)
    return new Float32Array(bytes)
  }

  /** Seconds of `times` matmuls, one after the other, by the host's clock. */
  async #submit(plan: MatmulPlan, times: number): Promise<number> {
    const command = this.#encode(plan, times).finish()
    const start = performance.now()
    this.#device.queue.submit([command])
    await this.#device.queue.onSubmittedWorkDone()
    return (performance.now() - start) / 1000
  }

  #encode({ spec, grid }: MatmulPlan, times: number): CommandEncoder {
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    const bindings = [...this.#inputs, this.#out, this.#shape]
    for (let i = 0; i < times; i++) this.#kernels.dispatch(pass, spec, bindings, grid)
    pass.end()
    return encoder
  }
}

/** So that recording does not take longer than computing. */
const MOST_DISPATCHES = 40

/** Numbers between -1/2 and 1/2 that are no zeros; the same in every run. */
function noise(length: number): Float32Array {
  let state = 1
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state | 1) / 2 ** 32
  })
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => {
    const difference = Math.abs(value - b[i])
    return difference <= worst ? worst : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }, 0)
}
