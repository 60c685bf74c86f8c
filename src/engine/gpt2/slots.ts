import type { DeviceBuffer, Slice } from '../compute/device.js'

/** Where the results of each rule lie when one batch is scored under several: one slot a rule, the base in slot 0. */

/** Words between which a binding may start: 256 bytes, the largest alignment WebGPU may ask for. */
const ALIGNMENT = 64

/** Words from one slot of `words` to the next. */
export function slotStride(words: number): number {
  return Math.ceil(words / ALIGNMENT) * ALIGNMENT
}

export function slotOf(buffer: DeviceBuffer, words: number, slot: number): Slice {
  return { buffer, offset: 4 * slot * slotStride(words), size: 4 * words }
}

/** What `slots` slots of `words` words hold, read back as one array. */
export function splitSlots(bytes: ArrayBuffer, words: number, slots: number): Float32Array[] {
  return Array.from(
    { length: slots },
    (_, slot) => new Float32Array(bytes, 4 * slot * slotStride(words), words),
  )
}
