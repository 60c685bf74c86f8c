/** What a record says of memory. */
import type { Engine } from '../engine/engine.js'
import type { MemoryParts } from '../record/eval/build.js'

/** Bytes that the engine's buffers took at most, and the process now. */
export function memoryParts(engine: Engine): MemoryParts {
  const { total, ...purposes } = engine.ledger()
  return {
    peak: total.peak,
    byPurpose: Object.fromEntries(Object.entries(purposes).map(([name, { peak }]) => [name, peak])),
    hostRss: process.memoryUsage.rss(),
  }
}
