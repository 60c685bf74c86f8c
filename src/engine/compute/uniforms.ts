import type { DeviceBuffer, Slice } from './device.js'
import type { Memory } from './memory.js'

/** Bytes between two uniform structs: the largest alignment WebGPU may require. */
const STRIDE = 256

/** The small structs one batch hands to its kernels, gathered in one buffer that is written once a batch. */
export class Uniforms {
  readonly #memory: Memory
  #buffer: DeviceBuffer | null = null
  #capacity = 0

  constructor(memory: Memory) {
    this.#memory = memory
  }

  /** Writes the structs, as they are packed, and returns where each lies. */
  write(structs: readonly Uint32Array[]): Slice[] {
    const words = new Uint32Array((structs.length * STRIDE) / 4)
    structs.forEach((struct, index) => {
      words.set(struct, (index * STRIDE) / 4)
    })
    const buffer = this.#fit(structs.length)
    this.#memory.write(buffer, words)
    return structs.map((_, index) => ({ buffer, offset: index * STRIDE, size: STRIDE }))
  }

  free(): void {
    if (this.#buffer !== null) this.#memory.free(this.#buffer)
    this.#buffer = null
    this.#capacity = 0
  }

  #fit(count: number): DeviceBuffer {
    if (this.#buffer === null || count > this.#capacity) {
      if (this.#buffer !== null) this.#memory.free(this.#buffer)
      this.#capacity = count
      this.#buffer = this.#memory.uniform('uniforms', count * STRIDE)
    }
    return this.#buffer
  }
}
