/** How long the device works on a batch, by its own clock; does nothing where it has no timestamp queries. */
import type { CommandEncoder, ComputeDevice, TimestampWrites } from './device.js'
import type { Memory } from './memory.js'
import { type Readback, readBack } from './read.js'

const BYTES = 16

/** Times the one pass that is given `whole`. */
export interface Stopwatch {
  whole: TimestampWrites | undefined
  /** Records the reading of the clock; afterwards `seconds` waits for it. Null without timestamp queries. */
  finish(encoder: CommandEncoder): (() => Promise<number>) | null
}

const NONE: Stopwatch = { whole: undefined, finish: () => null }

export function stopwatch(device: ComputeDevice, memory: Memory): Stopwatch {
  if (!device.features.has('timestamp-query')) return NONE
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 })
  return {
    whole: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    finish(encoder) {
      const resolved = memory.queries('timestamps', BYTES)
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0)
      const copy: Readback = readBack(memory, encoder, resolved, BYTES)
      return async () => {
        try {
          const [begin, end] = new BigInt64Array(await copy.bytes())
          return Math.max(0, Number(end - begin) / 1e9)
        } finally {
          memory.free(resolved)
          querySet.destroy()
        }
      }
    },
  }
}
