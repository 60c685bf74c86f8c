/** What parts of a training step are recorded with, on buffers of a test's own. */

import type { OpenDevice } from '../../../src/device/open.js'
import type { ComputeDevice, DeviceBuffer, Grid } from '../../../src/engine/compute/device.js'
import { kernelsOf } from '../../../src/engine/compute/kernel.js'
import { Memory } from '../../../src/engine/compute/memory.js'
import { readBack } from '../../../src/engine/compute/read.js'
import type { Gpt2Config } from '../../../src/engine/gpt2/config.js'
import type { KernelName } from '../../../src/engine/kernels/table.js'
import { TrainRecorder } from '../../../src/engine/train/recorder.js'

export class TrainBench {
  readonly recorder: TrainRecorder
  readonly #device: ComputeDevice
  readonly #memory: Memory

  constructor({ device, adapter }: Pick<OpenDevice, 'device' | 'adapter'>, config: Gpt2Config) {
    this.#device = device
    this.#memory = new Memory(device)
    this.recorder = new TrainRecorder(config, this.#memory, kernelsOf(device), adapter)
  }

  upload(data: ArrayLike<number>): DeviceBuffer {
    return this.#memory.upload('activations', 'input', Float32Array.from(data))
  }

  words(data: ArrayLike<number>): DeviceBuffer {
    return this.#memory.upload('activations', 'input', Uint32Array.from(data))
  }

  /** A buffer of `count` numbers, none of which a kernel should leave as it is or take for one of its own. */
  filled(count: number, value = Number.NaN): DeviceBuffer {
    return this.upload(new Float32Array(count).fill(value))
  }

  /** Runs what `record` records, then reads the first numbers of each buffer. */
  async run(
    record: () => void,
    outputs: readonly (readonly [DeviceBuffer, number])[],
  ): Promise<Float32Array[]> {
    this.#device.pushErrorScope('validation')
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    this.recorder.setPass(pass)
    record()
    pass.end()
    const copies = outputs.map(([buffer, count]) => readBack(this.#memory, encoder, buffer, 4 * count))
    this.#device.queue.submit([encoder.finish()])
    const fault = await this.#device.popErrorScope()
    if (fault !== null) throw new Error(fault.message)
    return Promise.all(copies.map(async (copy) => new Float32Array(await copy.bytes())))
  }

  /** As `run`, of a single kernel with `struct` as its last binding; WORKGROUP is the adapter's number of lanes. */
  async runKernel(
    kernel: KernelName,
    constants: Readonly<Record<string, number>>,
    {
      bindings,
      struct,
      grid,
    }: { bindings: readonly DeviceBuffer[]; struct?: Uint32Array<ArrayBuffer>; grid: Grid },
    outputs: readonly (readonly [DeviceBuffer, number])[],
  ): Promise<Float32Array[]> {
    return this.run(() => {
      this.recorder.dispatch(
        { kernel, constants: { WORKGROUP: this.recorder.lanes, ...constants } },
        struct === undefined ? bindings : [...bindings, this.#uniform(struct)],
        grid,
      )
    }, outputs)
  }

  #uniform(words: Uint32Array<ArrayBuffer>): DeviceBuffer {
    const buffer = this.#memory.uniform('struct', words.byteLength)
    this.#memory.write(buffer, words)
    return buffer
  }

  free(): void {
    this.#memory.freeAll()
  }
}

/**
 * The device with the kernels and workgroups that suit it, and with those that hardware gets. llvmpipe is left out of the
 * latter: it compiles them for seconds. The processor has one kernel of each kind.
 */
export function withEachChoice({ device, adapter }: OpenDevice) {
  const own = { name: adapter.kind as string, open: { device, adapter } }
  if (['cpu', 'llvmpipe', 'hardware'].includes(adapter.kind)) return [own]
  return [own, { name: 'as on hardware', open: { device, adapter: { ...adapter, features: [] } } }]
}
