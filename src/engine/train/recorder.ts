/** What every step of training is recorded with: kernels, a pass to put them into, and the structs they read. */
import type {
  Binding,
  ComputePass,
  DeviceBuffer,
  Grid,
  KernelSpec,
  Kernels,
  Slice,
} from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import type { Gpt2Config } from '../gpt2/config.js'
import type { Fields, Struct, Values } from '../kernels/struct.js'
import { type AdapterTraits, chooseTuning } from '../tuning.js'
import { type ProductKernel, productKernels } from './product-kernels.js'

/** Bytes between two structs: the largest alignment WebGPU may require. */
const STRIDE = 256
const PAGE = 128

/** Workgroups of a dispatch along one side that every adapter takes. */
const MOST_GROUPS = 65535

/** Shapes do not change from step to step, so neither do most structs: each is written once, when first met. */
class Structs {
  readonly #memory: Memory
  readonly #known = new Map<string, Slice>()
  #page: DeviceBuffer | null = null
  #used = 0

  constructor(memory: Memory) {
    this.#memory = memory
  }

  get(words: Uint32Array): Slice {
    const key = words.join()
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const slice = this.#next()
    this.#memory.write(slice.buffer, words, slice.offset)
    this.#known.set(key, slice)
    return slice
  }

  #next(): Required<Slice> {
    if (this.#page === null || this.#used === PAGE) {
      this.#page = this.#memory.uniform('training structs', PAGE * STRIDE)
      this.#used = 0
    }
    return { buffer: this.#page, offset: STRIDE * this.#used++, size: STRIDE }
  }
}

export class TrainRecorder {
  readonly config: Gpt2Config
  readonly memory: Memory
  /** (C) zeros, for reading only: the bias of a layer norm without one. */
  readonly zeros: DeviceBuffer
  /** Bound where a kernel has a binding that it does not use. */
  readonly unused: DeviceBuffer
  readonly product: ProductKernel
  /** Lanes of row-wise kernels. */
  readonly lanes: number
  readonly #kernels: Kernels
  readonly #structs: Structs
  readonly #mutable = new Map<string, DeviceBuffer>()
  #pass: ComputePass | null = null

  constructor(config: Gpt2Config, memory: Memory, kernels: Kernels, adapter: AdapterTraits) {
    this.config = config
    this.memory = memory
    this.#kernels = kernels
    this.#structs = new Structs(memory)
    this.zeros = memory.storage('activations', 'nothing', 4 * config.nEmbd)
    this.unused = this.zeros
    this.product = productKernels(adapter)[0]
    this.lanes = chooseTuning(adapter).lanes
  }

  /** Where dispatches go from here on. */
  setPass(pass: ComputePass): void {
    this.#pass = pass
  }

  dispatch(spec: KernelSpec, bindings: readonly Binding[], grid: Grid): void {
    if (this.#pass === null) throw new RangeError('training: no pass is open')
    this.#kernels.dispatch(this.#pass, spec, bindings, grid)
  }

  /** A uniform struct. */
  struct<F extends Fields>({ pack }: Struct<F>, values: Values<F>): Slice {
    return this.#structs.get(pack(values))
  }

  /** A uniform struct that differs from submission to submission; `name` has one value in each. */
  mutableStruct<F extends Fields>(name: string, { pack }: Struct<F>, values: Values<F>): DeviceBuffer {
    let buffer = this.#mutable.get(name)
    if (buffer === undefined) {
      buffer = this.memory.uniform(name, STRIDE)
      this.#mutable.set(name, buffer)
    }
    this.memory.write(buffer, pack(values))
    return buffer
  }

  /** Workgroups for one lane an item, in rows where one row of them would be too long. */
  groups(items: number): [across: number, down: number] {
    const count = Math.ceil(items / this.lanes)
    const across = Math.min(count, MOST_GROUPS)
    return [across, Math.ceil(count / across)]
  }
}
