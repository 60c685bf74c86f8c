/**
 * The devices that GPU tests run on: every software adapter of this machine, one device each, opened once a file.
 * ASP_TEST_DEVICE restricts them; it takes what `--device` takes, so a hardware adapter can be tested as well.
 */

import { suite, type Test } from 'uvu'
import { listAdapters, matches, type OpenDevice, openDevice } from '../src/device/open.js'
import type {
  Binding,
  ComputeDevice,
  DeviceBuffer,
  Grid,
  KernelSpec,
  Kernels,
} from '../src/engine/compute/device.js'
import { kernelsOf } from '../src/engine/compute/kernel.js'
import { Memory } from '../src/engine/compute/memory.js'
import { readBack } from '../src/engine/compute/read.js'
import { Engine } from '../src/engine/engine.js'
import type { Gpt2Config } from '../src/engine/gpt2/config.js'
import type { WeightDtype } from '../src/engine/matmul.js'
import type { TensorSource } from '../src/engine/tensor-source.js'

const { ASP_TEST_DEVICE: WANTED = 'software' } = process.env

/**
 * A suite for each adapter, with `once` for the first and fastest alone, on a device of its own that closes after
 * the suite's last test. Call it once a file and await it: uvu starts over when a suite is added after the first ones have begun.
 */
export async function onEachAdapter(
  title: string,
  define: (test: Test, open: OpenDevice) => void,
  { once = false } = {},
): Promise<void> {
  const all = [{ name: 'cpu', kind: 'cpu' as const }, ...(await listAdapters())].filter(({ name, kind }) =>
    matches(WANTED, kind, name),
  )
  if (all.length === 0) throw new Error(`no adapter to test on, wanted ${WANTED}`)
  const adapters = once ? all.slice(0, 1) : all
  const opened = await Promise.all(adapters.map(({ name }) => openDevice({ device: name })))
  for (const open of opened) {
    const test = suite(`${title} on ${open.adapter.kind}`)
    define(test, open)
    test.after(() => open.close())
    test.run()
  }
}

/** The checkpoint on the device of a test. */
export function openEngine(
  { device, lost, adapter }: OpenDevice,
  { config, tensors }: { config: Gpt2Config; tensors: TensorSource },
  dtype: WeightDtype = 'f32',
): Promise<Engine> {
  return Engine.open(config, tensors, { device, lost, adapter, dtype })
}

export interface Dispatch {
  spec: KernelSpec
  bindings: readonly Binding[]
  grid: Grid
}

/** Single kernels on buffers of a test's own. */
export class KernelBench {
  readonly #device: ComputeDevice
  readonly #kernels: Kernels
  readonly #memory: Memory

  constructor({ device }: OpenDevice, kernels = kernelsOf(device)) {
    this.#device = device
    this.#kernels = kernels
    this.#memory = new Memory(device)
  }

  upload(data: ArrayBufferView): DeviceBuffer {
    return this.#memory.upload('activations', 'input', data)
  }

  /** A buffer of `count` numbers, none of which a kernel should leave as it is. */
  filled(count: number, value = Number.NaN): DeviceBuffer {
    return this.upload(new Float32Array(count).fill(value))
  }

  uniform(words: Uint32Array): DeviceBuffer {
    const buffer = this.#memory.uniform('uniform', 4 * words.length)
    this.#memory.write(buffer, words)
    return buffer
  }

  /** Runs the dispatches in order, then reads the first `count` words of `out`. */
  async run(dispatches: readonly Dispatch[], out: DeviceBuffer, count: number): Promise<ArrayBuffer> {
    await this.#kernels.prepare(dispatches.map(({ spec }) => spec))
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (const { spec, bindings, grid } of dispatches) this.#kernels.dispatch(pass, spec, bindings, grid)
    pass.end()
    const copy = readBack(this.#memory, encoder, out, 4 * count)
    this.#device.queue.submit([encoder.finish()])
    return copy.bytes()
  }

  /** Frees the buffers; compiled kernels stay. */
  clear(): void {
    this.#memory.freeAll()
  }
}
