import { EXIT, Failure } from '../../errors.js'
import type { ComputeDevice, DeviceBuffer } from './device.js'

/** What a buffer is for; the unit of every memory report. */
export const PURPOSES = ['weights', 'gradients', 'moments', 'activations', 'cache', 'staging'] as const
export type Purpose = (typeof PURPOSES)[number]

export interface LedgerEntry {
  bytes: number
  peak: number
}
/** Bytes now and at their peak, by purpose and in all (the peak of the sum, not the sum of the peaks). */
export type Ledger = Record<Purpose | 'total', LedgerEntry>

/**
 * The only place that makes buffers. It labels them, checks them against the device's limits before asking,
 * keeps the ledger that memory reports print, and turns the device's out-of-memory errors into a Failure.
 */
export class Memory {
  readonly #device: ComputeDevice
  readonly #limit: number
  readonly #owned = new Map<DeviceBuffer, { purpose: Purpose; bytes: number }>()
  readonly #ledger = emptyLedger()
  #pending: Promise<unknown>[] = []
  #failure: Failure | null = null

  /** `limit`: bytes that all buffers together may take; the processor and software adapters grant more than the machine has. */
  constructor(device: ComputeDevice, limit = Number.POSITIVE_INFINITY) {
    this.#device = device
    this.#limit = limit
  }

  /** A storage buffer of `bytes` (rounded up to 16); call `settled` before relying on it. */
  storage(purpose: Purpose, label: string, bytes: number): DeviceBuffer {
    return this.#create(purpose, label, bytes, BUFFER_USAGE.storage)
  }

  /** A storage buffer that a shader binds whole, which the adapter may not allow though it would make the buffer. */
  bound(purpose: Purpose, label: string, bytes: number): DeviceBuffer {
    const most = this.#device.limits.maxStorageBufferBindingSize
    if (bytes > most) {
      throw noMemory(`${label} needs ${bytes} bytes in one binding, the device allows ${most}`)
    }
    return this.storage(purpose, label, bytes)
  }

  /** What `make` gives; when it throws, whatever it allocated is freed again. */
  allOrNothing<T>(make: () => T): T {
    const before = new Set(this.#owned.keys())
    try {
      return make()
    } catch (error) {
      for (const buffer of [...this.#owned.keys()]) if (!before.has(buffer)) this.free(buffer)
      throw error
    }
  }

  /** A storage buffer that holds `data`. */
  upload(purpose: Purpose, label: string, data: ArrayBufferView): DeviceBuffer {
    const buffer = this.storage(purpose, label, data.byteLength)
    this.write(buffer, data)
    return buffer
  }

  /** A buffer the host can map for reading. */
  staging(label: string, bytes: number): DeviceBuffer {
    return this.#create('staging', label, bytes, BUFFER_USAGE.staging)
  }

  /** A uniform buffer of at least 16 bytes. */
  uniform(label: string, bytes: number): DeviceBuffer {
    return this.#create('activations', label, bytes, BUFFER_USAGE.uniform)
  }

  /** A buffer that timestamps are resolved into. */
  queries(label: string, bytes: number): DeviceBuffer {
    return this.#create('staging', label, bytes, BUFFER_USAGE.queries)
  }

  /** Queues a write; lengths that are no multiple of 4 are padded with zeros. */
  write(buffer: DeviceBuffer, data: ArrayBufferView, offset = 0): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const rest = bytes.byteLength % 4
    if (bytes.byteLength === 0) return
    if (rest === 0) {
      this.#device.queue.writeBuffer(buffer, offset, bytes as Uint8Array<ArrayBuffer>)
      return
    }
    const padded = new Uint8Array(bytes.byteLength + 4 - rest)
    padded.set(bytes)
    this.#device.queue.writeBuffer(buffer, offset, padded)
  }

  free(buffer: DeviceBuffer): void {
    const entry = this.#owned.get(buffer)
    if (entry === undefined) return
    this.#owned.delete(buffer)
    this.#account(entry.purpose, -entry.bytes)
    buffer.destroy()
  }

  freeAll(): void {
    for (const buffer of [...this.#owned.keys()]) this.free(buffer)
  }

  /**
   * Waits until every allocation so far is known to have succeeded. Throws a Failure if one has not, once: whoever
   * frees what it was for can continue with less.
   */
  async settled(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    await Promise.all(pending)
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure
  }

  ledger(): Ledger {
    return structuredClone(this.#ledger)
  }

  #create(purpose: Purpose, label: string, bytes: number, usage: GPUBufferUsageFlags): DeviceBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16)
    const most = this.#device.limits.maxBufferSize
    if (size > most) {
      throw noMemory(`${label} needs ${size} bytes in one buffer, the device allows ${most}`)
    }
    if (this.#ledger.total.bytes + size > this.#limit) throw this.#outOfMemory(label, size)
    this.#device.pushErrorScope('out-of-memory')
    const buffer = this.#device.createBuffer({ label, size, usage })
    this.#pending.push(
      this.#device.popErrorScope().then((error) => {
        if (error !== null) this.#failure ??= this.#outOfMemory(label, size)
      }),
    )
    this.#owned.set(buffer, { purpose, bytes: size })
    this.#account(purpose, size)
    return buffer
  }

  #outOfMemory(label: string, size: number): Failure {
    return noMemory(`no room for ${label}, ${size} bytes on top of ${this.#ledger.total.bytes}`)
  }

  #account(purpose: Purpose, bytes: number): void {
    for (const key of [purpose, 'total'] as const) {
      const entry = this.#ledger[key]
      entry.bytes += bytes
      entry.peak = Math.max(entry.peak, entry.bytes)
    }
  }
}

// GPUBufferUsage is a global only in browsers; these are the values the WebGPU specification fixes.
const USAGE = {
  MAP_READ: 1,
  COPY_SRC: 4,
  COPY_DST: 8,
  UNIFORM: 64,
  STORAGE: 128,
  QUERY_RESOLVE: 512,
} as const
const BUFFER_USAGE = {
  storage: USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST,
  staging: USAGE.MAP_READ | USAGE.COPY_DST,
  uniform: USAGE.UNIFORM | USAGE.COPY_DST,
  queries: USAGE.QUERY_RESOLVE | USAGE.COPY_SRC,
}

function emptyLedger(): Ledger {
  const entry = (): LedgerEntry => ({ bytes: 0, peak: 0 })
  const purposes = Object.fromEntries(PURPOSES.map((purpose) => [purpose, entry()])) as Record<
    Purpose,
    LedgerEntry
  >
  return { ...purposes, total: entry() }
}

function noMemory(what: string): Failure {
  return new Failure(`device memory: ${what}`, {
    hint: 'use a smaller --batch-tokens, --dtype f16 or a smaller model',
    exit: EXIT.failed,
    code: 'memory',
  })
}
