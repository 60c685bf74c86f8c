/**
 * The processor as a device: buffers in one shared linear memory, kernels in WebAssembly, threads that run what was recorded.
 * It has what the engine needs of WebGPU (src/engine/compute/device.ts), in the same order of effects.
 */
import type { Failure } from '../../errors.js'
import type {
  CommandBuffer,
  CommandEncoder,
  ComputeDevice,
  DeviceBuffer,
  QuerySet,
} from '../compute/device.js'
import { type BufferHost, boundRange, CpuBuffer, rangeOf } from './buffer.js'
import { type CpuQuerySet, recordCommands } from './commands.js'
import { fuses, type Triable } from './fusing.js'
import { Heap } from './heap.js'
import { CpuKernels } from './kernels.js'
import { FIRST_ADDRESS, growTo, MOST_BYTES, noMemory, sharedMemory } from './linear-memory.js'
import { type Build, type KernelModule, loadModule } from './module.js'
import { CONTROL_BYTES, Pool, SCRATCH_BYTES } from './pool.js'
import { isComplete, layOutProgram, type MemoryRange, OPERATION_WORDS, type Operation } from './program.js'
import { Queue } from './queue.js'

export interface CpuDeviceOptions {
  threads: number
  /** Which build of the kernels; the best that the runtime takes when undefined. */
  build?: Build
  /** Where the built kernels and the script of a thread are; asp's own when undefined. */
  folder?: URL
  /** Called once, when a thread has died: nothing will be done any more. */
  onLost: (failure: Failure) => void
}

/** What a device is put together of. */
interface Parts {
  memory: WebAssembly.Memory
  heap: Heap
  pool: Pool
  /** Where programs are laid out. */
  program: MemoryRange
  /** Ends the device: whatever waits fails. */
  lose: (failure: Failure) => void
  fused: boolean
}

export class CpuDevice implements ComputeDevice {
  readonly kernels: CpuKernels
  readonly limits = {
    maxBufferSize: MOST_BYTES,
    maxStorageBufferBindingSize: MOST_BYTES,
    maxComputeWorkgroupsPerDimension: 65535,
    maxComputeWorkgroupStorageSize: MOST_BYTES,
  }
  readonly features: ReadonlySet<string> = new Set(['timestamp-query'])
  readonly build: Build
  readonly threads: number
  /** Whether V8 makes one instruction of two neighbouring vectors. */
  readonly fused: boolean
  readonly #memory: WebAssembly.Memory
  readonly #heap: Heap
  readonly #pool: Pool
  readonly #queue: Queue
  /** One list of errors for each scope that is open. */
  readonly #scopes: { message: string }[][] = []
  #program: MemoryRange
  readonly #lose: (failure: Failure) => void

  private constructor({ build, numbers }: KernelModule, { memory, heap, pool, program, fused, lose }: Parts) {
    this.build = build
    this.threads = pool.threads
    this.fused = fused
    this.kernels = new CpuKernels(numbers, boundRange)
    this.#memory = memory
    this.#heap = heap
    this.#pool = pool
    this.#program = program
    this.#lose = lose
    this.#queue = new Queue({ run: (words, operations, done) => this.#run(words, operations, done) })
  }

  /** @throws {Failure} exit 1 when the runtime lacks what the kernels need, or a thread does not start */
  static async open({ threads, build, folder, onLost }: CpuDeviceOptions): Promise<CpuDevice> {
    const loaded = await loadModule({ build, folder })
    const memory = sharedMemory()
    const heap = new Heap(FIRST_ADDRESS, (end) => growTo(memory, end))
    const take = (bytes: number): number => {
      const range = heap.take(bytes)
      if (range === null) throw noMemory(`${threads} threads`, 'use fewer --threads')
      return range.address
    }
    const control = take(CONTROL_BYTES)
    const scratch = Array.from({ length: threads }, () => take(SCRATCH_BYTES))
    const fused = await fuses(instantiate(loaded.module, memory), memory, scratch[0])
    const program = { address: take(4 * OPERATION_WORDS), bytes: 4 * OPERATION_WORDS }
    let device: CpuDevice | null = null
    let lost = false
    const lose = (failure: Failure): void => {
      if (lost) return
      lost = true
      if (device !== null) device.#queue.fail(failure)
      onLost(failure)
    }
    const pool = await Pool.start(loaded.module, { memory, control, scratch, fused, folder }, lose)
    device = new CpuDevice(loaded, { memory, heap, pool, program, fused, lose })
    return device
  }

  readonly queue = {
    writeBuffer: (buffer: DeviceBuffer, offset: number, data: Uint8Array<ArrayBuffer>): void => {
      const { address } = rangeOf(buffer)
      if (address === 0) return
      // The caller may change its array as soon as this returns.
      const bytes = this.#queue.idle ? data : data.slice()
      this.#queue.host(() => this.#bytes(address + offset, bytes.byteLength).set(bytes))
    },
    submit: (commands: Iterable<CommandBuffer>): void => {
      const operations = [...commands].flatMap((one) => one as Operation[])
      // As WebGPU does: what lacks a buffer is left out whole. Why it lacks it is in the error scope.
      if (!operations.every(isComplete)) return
      this.#queue.program(layOutProgram(operations), operations.length)
    },
    onSubmittedWorkDone: (): Promise<undefined> => this.#queue.done(),
  }

  /** Bytes of linear memory, which never shrinks, and of what is taken of it. */
  get memory(): { linear: number; taken: number } {
    return { linear: this.#memory.buffer.byteLength, taken: this.#heap.taken }
  }

  createBuffer({ label, size }: { label: string; size: number }): DeviceBuffer {
    const address = this.#take(size)
    if (address === null) this.#scopes.at(-1)?.push({ message: `no room for ${label}, ${size} bytes` })
    return new CpuBuffer(label, size, address ?? 0, this.#host)
  }

  createCommandEncoder(): CommandEncoder {
    return recordCommands(rangeOf)
  }

  createQuerySet({ count }: { count: number }): QuerySet {
    const bytes = 8 * count
    const address = this.#take(bytes) ?? 0
    const set: CpuQuerySet = { range: { address, bytes }, destroy: () => this.#host.free(address) }
    return set
  }

  pushErrorScope(): void {
    this.#scopes.push([])
  }

  popErrorScope(): Promise<{ message: string } | null> {
    return Promise.resolve(this.#scopes.pop()?.[0] ?? null)
  }

  /** Ends what is running early; its results are lost, and whoever waits for them gets `reason`. */
  abandon(reason: unknown): void {
    this.#queue.drop(reason)
    this.#pool.abandon()
  }

  /** Ends the threads, so that they no longer keep the process alive. */
  close(): void {
    this.#pool.close()
  }

  readonly #host: BufferHost = {
    done: () => this.#queue.done(),
    read: (address, bytes) => {
      const copy = new Uint8Array(bytes)
      copy.set(this.#bytes(address, bytes))
      return copy.buffer
    },
    free: (address) => {
      if (address !== 0) this.#queue.host(() => this.#heap.release(address))
    },
  }

  /** Address of zeros, or null when there is no room. */
  #take(bytes: number): number | null {
    const taken = this.#heap.take(bytes)
    if (taken === null) return null
    if (!taken.fresh) this.#bytes(taken.address, bytes).fill(0)
    return taken.address
  }

  #bytes(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, bytes)
  }

  #run(words: Uint32Array<ArrayBuffer>, operations: number, done: () => void): void {
    if (words.byteLength > this.#program.bytes) {
      const taken = this.#heap.take(2 * words.byteLength)
      if (taken === null) {
        this.#lose(noMemory('the list of kernels to run', 'use a smaller --batch-tokens'))
        return
      }
      this.#heap.release(this.#program.address)
      this.#program = { address: taken.address, bytes: 2 * words.byteLength }
    }
    const { address } = this.#program
    new Uint32Array(this.#memory.buffer, address, words.length).set(words)
    this.#pool.run(address, operations, done)
  }
}

/** The module on the host's own thread, for what it has to try. */
function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Triable {
  const env = { memory, stamp: () => 0n, refresh: () => undefined }
  return new WebAssembly.Instance(module, { env }).exports as unknown as Triable
}
