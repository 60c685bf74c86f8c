/** Buffers of the CPU device: ranges of its linear memory. */
import type { Binding, DeviceBuffer } from '../compute/device.js'
import { type MemoryRange, partOf } from './program.js'

/** What buffers need of their device. */
export interface BufferHost {
  done(): Promise<undefined>
  read(address: number, bytes: number): ArrayBuffer
  free(address: number): void
}

export class CpuBuffer implements DeviceBuffer {
  readonly label: string
  readonly size: number
  /** In linear memory; 0 where there was no room. */
  readonly address: number
  readonly #host: BufferHost

  constructor(label: string, size: number, address: number, host: BufferHost) {
    this.label = label
    this.size = size
    this.address = address
    this.#host = host
  }

  mapAsync(): Promise<undefined> {
    if (this.address === 0) return Promise.reject(new Error(`there was no room for ${this.label}`))
    return this.#host.done()
  }

  getMappedRange(offset: number, size: number): ArrayBuffer {
    return this.#host.read(this.address + offset, size)
  }

  destroy(): void {
    this.#host.free(this.address)
  }
}

/** Where a buffer of the CPU device lies. */
export function rangeOf(buffer: DeviceBuffer): MemoryRange {
  return { address: (buffer as CpuBuffer).address, bytes: buffer.size }
}

/** Where a binding lies. */
export function boundRange(binding: Binding): MemoryRange {
  if (!('buffer' in binding)) return rangeOf(binding)
  const range = rangeOf(binding.buffer)
  const { offset = 0, size = range.bytes - offset } = binding
  return partOf(range, offset, size)
}
