/** Where one head's matrices lie. */
import type { DeviceBuffer } from '../compute/device.js'
import { type Gpt2Config, headDim } from '../gpt2/config.js'
import type { Matrix } from './products.js'

/** Queries, keys and values of one head among (N, 3C), one matrix a sequence. */
export function headOf(
  config: Gpt2Config,
  buffer: DeviceBuffer,
  which: 'query' | 'key' | 'value',
  head: number,
  T: number,
): Matrix {
  const { nEmbd: C } = config
  const first = { query: 0, key: C, value: 2 * C }[which]
  return { buffer, at: first + headDim(config) * head, width: 3 * C, next: 3 * C * T }
}

/** One head's scores or weights: (B, T, T). */
export function squareOf(buffer: DeviceBuffer, T: number): Matrix {
  return { buffer, width: T, next: T * T }
}
