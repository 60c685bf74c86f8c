/** Which cells fit the adapter, and how large the largest batch is: by plan first, then by trying. */
import type { CacheUsage } from '../engine/decode/types.js'
import type { Engine } from '../engine/engine.js'
import type { Cell } from './cell.js'
import { decoderFootprint, type Footprint } from './footprint.js'
import { largestFitting } from './largest-batch.js'
import { type Bench, prove, withDecoder } from './measure.js'
import { fill } from './run-test.js'
import { testLength } from './tests.js'

/** What an adapter can hold. */
export interface Room {
  /** Bytes of all buffers together; null where the adapter does not say. */
  memory: number | null
  /** Bytes of one binding. */
  binding: number
}

/** Rows held of those a dense cache would hold. */
type Kept = { most: number; mean: number }

const EVERYTHING: Kept = { most: 1, mean: 1 }

/** Notes what a cell needs, and refuses it where that is certain to be too much. */
export function planFit(cell: Cell, engine: Engine, room: Room, chunk: number): void {
  if (cell.batch === null) return
  const plan = footprintOf(cell, engine, chunk, cell.batch, EVERYTHING)
  cell.needs = neededBytes(engine, plan)
  cell.has = room.memory
  // What is dropped frees its rows, so that only a cache which keeps everything is sure to need this much.
  const { level, cache } = cell.configuration
  if (level.policy === 'dense' || cache === 'mask') cell.refused = refusal(engine, plan, room)
}

/** Finds and proves the largest batch of a cell that asked for it. */
export async function findLargestBatch(bench: Bench, cell: Cell, engine: Engine, room: Room): Promise<void> {
  const kept = await probe(bench, cell)
  if (kept === null) return
  const fits = (batch: number): boolean =>
    refusal(engine, footprintOf(cell, engine, bench.chunk, batch, kept), room) === null
  const choose = (batch: number): void => {
    cell.batch = Math.max(1, batch)
    cell.needs = neededBytes(engine, footprintOf(cell, engine, bench.chunk, cell.batch, kept))
    cell.has = room.memory
    cell.refused = batch < 1 ? 'not even one sequence fits' : null
  }
  const less = (batch: number): number => batch - Math.max(1, batch >> 3)
  const planned = largestFitting(fits)
  for (let batch = planned; ; batch = less(batch)) {
    choose(batch)
    if (batch < 1) return
    await prove(bench, cell)
    if (cell.refused !== null) continue
    // Where memory ends before the plan says, it ends a little earlier or later each time.
    if (batch < planned) choose(Math.max(1, less(batch)))
    return
  }
}

/** What one sequence holds at full length: what is dropped is known only by running it. */
async function probe(bench: Bench, cell: Cell): Promise<Kept | null> {
  const longest = Math.max(...cell.tests.map(({ test }) => testLength({ ...test, gen: 0 })))
  const alone: Cell = { ...cell, batch: 1 }
  const usage = await withDecoder(bench, alone, {}, async (decoder, windows) => {
    const { results } = await fill(decoder, windows, longest, bench.pace)
    return results[results.length - 1].usage
  })
  cell.refused = alone.refused
  return usage && keptRows(usage, longest, cell.configuration.cache === 'mask')
}

function keptRows({ rows }: CacheUsage, length: number, keepsAll: boolean): Kept {
  if (keepsAll) return EVERYTHING
  const shares = rows.map((layer) => layer[0] / length)
  return { most: Math.max(...shares), mean: shares.reduce((sum, share) => sum + share, 0) / shares.length }
}

function footprintOf(cell: Cell, engine: Engine, chunk: number, slots: number, kept: Kept): Footprint {
  const { rule, configuration } = cell
  if (rule === null) throw new RangeError('bench: a footprint needs a rule')
  const { cache, cacheDtype, group } = configuration
  return decoderFootprint(engine.config, { rule, cache, cacheDtype, slots, chunk }, group.ctx, kept)
}

function neededBytes(engine: Engine, { activations, cache }: Footprint): number {
  return engine.ledger().total.bytes + activations + cache
}

function refusal(engine: Engine, plan: Footprint, { memory, binding }: Room): string | null {
  const needs = neededBytes(engine, plan)
  if (memory !== null && needs > memory) {
    return `needs ${needs} bytes of device memory by plan, the device has ${memory}`
  }
  if (plan.binding > binding) {
    return `a layer's keys need ${plan.binding} bytes in one binding, the device allows ${binding}`
  }
  return null
}
