/**
 * The devices that tests of the engine run on: the processor first, then one software driver for the shaders, Mesa's
 * llvmpipe where it is installed, else SwiftShader. One device each, opened once a file.
 * ASP_TEST_DEVICE chooses another; it takes what `--device` takes: cpu, software, hardware, or a part of an adapter's name.
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
import { useSwiftShader } from './device/swiftshader.js'

const { ASP_TEST_DEVICE: WANTED } = process.env

export interface Choice {
  /** The first device alone: the processor, unless ASP_TEST_DEVICE says otherwise. */
  once?: boolean
  /** For what there is on WebGPU only: no processor. Skipped where no adapter is left. */
  gpu?: boolean
}

/**
 * A suite for each device, which closes after the suite's last test. Call it once a file and await it: uvu starts over when a
 * suite is added after the first ones have begun.
 */
export async function onEachAdapter(
  title: string,
  define: (test: Test, open: OpenDevice) => void,
  choice: Choice = {},
): Promise<void> {
  const names = await chooseDevices(choice)
  const opened = await Promise.all(names.map((device) => openDevice({ device })))
  for (const open of opened) {
    const test = suite(`${title} on ${open.adapter.kind}`)
    define(test, open)
    test.after(() => open.close())
    test.run()
  }
  if (opened.length > 0) return
  const test = suite(title)
  test.skip('no adapter to test on')
  test.run()
}

/** The one device of a test that is about something else; whoever opens it closes it. */
export async function openTestDevice(): Promise<OpenDevice> {
  const [device] = await chooseDevices({ once: true })
  return openDevice({ device })
}

/** Names of the devices to test on, as `openDevice` takes them. */
async function chooseDevices({ once = false, gpu = false }: Choice): Promise<string[]> {
  const cpu = gpu ? [] : ['cpu']
  if (WANTED === 'cpu') return cpu
  if (WANTED === undefined) return once && !gpu ? cpu : [...cpu, ...(await softwareAdapter())]
  const adapters = WANTED === 'software' ? await softwareAdapter() : await adaptersNamed(WANTED)
  if (adapters.length === 0) throw new Error(`no adapter to test on, wanted ${WANTED}`)
  return once ? adapters.slice(0, 1) : adapters
}

async function softwareAdapter(): Promise<string[]> {
  const [llvmpipe] = await adaptersNamed('llvmpipe')
  return [llvmpipe ?? (await adaptersNamed('swiftshader'))[0]].filter((name) => name !== undefined)
}

async function adaptersNamed(wanted: string): Promise<string[]> {
  if (wanted === 'swiftshader') await useSwiftShader()
  return (await listAdapters())
    .filter(({ name, kind }) => matches(wanted, kind, name))
    .map(({ name }) => name)
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
