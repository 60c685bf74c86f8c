/** Where the results of each rule lie in a buffer when one batch is scored under several rules; the base is rule 0. */
import type { DeviceBuffer, Slice } from '../compute/device.js'

/** Words between which a binding may start: 256 bytes, the largest alignment WebGPU may require. */
const ALIGNMENT = 64

/** Words from one rule's results to the next one's, where each has `words`. */
export function ruleStride(words: number): number {
  return Math.ceil(words / ALIGNMENT) * ALIGNMENT
}

/** The `words` of rule `rule`. */
export function ruleSlice(buffer: DeviceBuffer, words: number, rule: number): Slice {
  return { buffer, offset: 4 * rule * ruleStride(words), size: 4 * words }
}

/** The `words` of each of `rules` rules, from a buffer that was read back. */
export function splitRules(bytes: ArrayBuffer, words: number, rules: number): Float32Array[] {
  return Array.from(
    { length: rules },
    (_, rule) => new Float32Array(bytes, 4 * rule * ruleStride(words), words),
  )
}
