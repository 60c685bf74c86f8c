/**
 * What the engine needs of a device, in WebGPU's own terms: buffers, dispatches recorded into passes, one queue in order,
 * copies the host can map, time stamps, limits. A `GPUDevice` has all of it as it is; src/engine/cpu makes one of the processor.
 */

import type { KernelName } from '../kernels/table.js'

/** Memory of the device. */
export interface DeviceBuffer {
  readonly label: string
  /** Bytes. */
  readonly size: number
  /** Staging buffers only: resolves once everything submitted so far is done. */
  mapAsync(mode: number, offset: number, size: number): Promise<undefined>
  getMappedRange(offset: number, size: number): ArrayBuffer
  destroy(): void
}

/** A slice of a buffer to bind; a whole buffer when `offset` and `size` are absent. */
export interface Slice {
  buffer: DeviceBuffer
  offset?: number
  size?: number
}

export type Binding = DeviceBuffer | Slice

export type Grid = readonly [x: number, y?: number, z?: number]

/** Whatever a device makes of a kernel and of its bindings; nobody looks inside. */
export type Pipeline = object
export type BindGroup = object

/** What dispatches are put into: a pass, or a list to be played into passes later. */
export interface ComputePass {
  setPipeline(pipeline: Pipeline): void
  setBindGroup(index: number, bindGroup: BindGroup): void
  dispatchWorkgroups(x: number, y: number, z: number): void
}

/** A kernel with its sizes fixed: one pipeline. */
export interface KernelSpec {
  kernel: KernelName
  /** Which of its variants, where it has some; what the others need alone may be left out. */
  variant?: Readonly<Record<string, string>>
  /** Values of the shader's `override` constants; a name the kernel lacks is an error. */
  constants: Readonly<Record<string, number>>
}

export interface CompileHooks {
  signal?: AbortSignal
  onCompiled?: (done: number, total: number) => void
}

/** The kernels of one device. */
export interface Kernels {
  /** How many were compiled so far; undefined where none has to be. */
  readonly compiled?: number
  /** Compiles ahead of use, so that a broken kernel fails here and by name. */
  prepare(specs: readonly KernelSpec[]): Promise<void>
  /**
   * Compiles what `record` dispatches, which is not dispatched, while the host's event loop goes on; absent where nothing has to be.
   * @throws the signal's reason, at once
   */
  precompile?(record: () => Promise<unknown>, hooks: CompileHooks): Promise<void>
  /** Adds one dispatch to `pass`; bindings 0, 1, ... of group 0 in the order given. */
  dispatch(pass: ComputePass, spec: KernelSpec, bindings: readonly Binding[], grid: Grid): void
}

export interface QuerySet {
  destroy(): void
}

export interface TimestampWrites {
  querySet: QuerySet
  beginningOfPassWriteIndex: number
  endOfPassWriteIndex: number
}

export interface CommandEncoder {
  beginComputePass(options?: { timestampWrites?: TimestampWrites }): ComputePassEncoder
  copyBufferToBuffer(from: DeviceBuffer, at: number, to: DeviceBuffer, into: number, bytes: number): void
  clearBuffer(buffer: DeviceBuffer): void
  /** Writes time stamps as nanoseconds of 64 bits. */
  resolveQuerySet(querySet: QuerySet, first: number, count: number, to: DeviceBuffer, at: number): void
  finish(): CommandBuffer
}

export type CommandBuffer = object

export type ComputePassEncoder = ComputePass & { end(): void }

export interface ComputeDevice {
  /** Kernels of the device's own; WebGPU's are compiled from shaders. */
  readonly kernels?: Kernels
  readonly limits: {
    readonly maxBufferSize: number
    readonly maxStorageBufferBindingSize: number
    readonly maxComputeWorkgroupsPerDimension: number
    /** Bytes that the lanes of a workgroup share. */
    readonly maxComputeWorkgroupStorageSize: number
  }
  readonly features: { has(name: string): boolean }
  readonly queue: {
    /** Takes effect after what was submitted before, and before what is submitted after. */
    writeBuffer(buffer: DeviceBuffer, offset: number, data: Uint8Array<ArrayBuffer>): void
    submit(commands: Iterable<CommandBuffer>): void
    onSubmittedWorkDone(): Promise<unknown>
  }
  /** Ends what is running within moments; its results are lost, and whoever waits for them gets `reason`. Not every device can. */
  abandon?(reason: unknown): void
  createBuffer(descriptor: { label: string; size: number; usage: number }): DeviceBuffer
  createCommandEncoder(): CommandEncoder
  createQuerySet(descriptor: { type: 'timestamp'; count: number }): QuerySet
  /** Errors of the calls that follow are kept for the matching `popErrorScope`. */
  pushErrorScope(filter: 'out-of-memory' | 'validation'): void
  popErrorScope(): Promise<{ readonly message: string } | null>
}
