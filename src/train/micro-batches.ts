/** How many of a step's sequences are worked on at a time: what fits, and no more than suits the adapter. Pure. */
import type { MicroBatch } from '../engine/train/types.js'
import type { AdapterTraits } from '../engine/tuning.js'
import { EXIT, Failure } from '../errors.js'

/** Tokens at a time: enough to fill the adapter. */
const MICRO_TOKENS: Readonly<Record<AdapterTraits['kind'], number>> = {
  hardware: 8192,
  llvmpipe: 2048,
  swiftshader: 1024,
  software: 1024,
  cpu: 2048,
}

export interface MicroPlan {
  /** Of a step; what is chosen divides it. */
  sequences: number
  /** Tokens of a sequence. */
  ctx: number
  kind: AdapterTraits['kind']
  /** Bytes that buffers may take in all. */
  limit: number
  /** Bytes that so many sequences at a time take. */
  bytes(sequences: number): number
}

/** @throws Failure (exit 1) when not even one sequence fits */
export function chooseMicroBatch({ sequences, ctx, kind, limit, bytes }: MicroPlan): number {
  const most = Math.max(1, Math.floor(MICRO_TOKENS[kind] / ctx))
  const choices = divisorsFrom(sequences, most)
  const fitting = choices.find((one) => bytes(one) <= limit)
  if (fitting !== undefined) return fitting
  throw new Failure(
    `memory: training takes ${bytes(1)} bytes with one sequence at a time, ${limit} are free`,
    {
      hint: 'use a shorter --ctx, a smaller model or a machine with more memory',
      exit: EXIT.failed,
      code: 'memory',
    },
  )
}

/** The next smaller choice, null after one sequence: where a device grants less than was planned with. */
export function fewerSequences(sequences: number, than: number): number | null {
  return divisorsFrom(sequences, than - 1)[0] ?? null
}

/** Divisors of `count` up to `most`, the largest first. */
function divisorsFrom(count: number, most: number): number[] {
  const all = Array.from({ length: Math.max(0, Math.min(count, most)) }, (_, i) => i + 1)
  return all.filter((one) => count % one === 0).reverse()
}

/** A step's windows and shifts, `size` sequences a batch. */
export function microBatches(
  windows: readonly Uint32Array[],
  shifts: Float32Array | undefined,
  size: number,
): MicroBatch[] {
  return Array.from({ length: windows.length / size }, (_, i) => {
    const mine = windows.slice(i * size, (i + 1) * size)
    const tokens = new Uint32Array(size * mine[0].length)
    for (const [b, window] of mine.entries()) tokens.set(window, b * window.length)
    return shifts === undefined ? { tokens } : { tokens, shifts: shifts.slice(i * size, (i + 1) * size) }
  })
}
