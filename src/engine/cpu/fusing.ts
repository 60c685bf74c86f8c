/**
 * Whether V8 makes one 256-bit instruction of two neighbouring 128-bit ones ("revectorisation"), which doubles the speed of
 * products. It is off by default, so it is switched on, tried and timed: a V8 that leaves the instructions
 * as they are would be slow with tiles cut for it, and one that changed a bit would be wrong.
 */
import { setFlagsFromString } from 'node:v8'

const [V8] = process.versions.v8.split('.').map(Number)

/** From 13.0, which Node 24 has; 12 knows the flag and fuses nothing of ours, 11 complains about it. */
const FUSES_FROM = 13

/** Relaxed SIMD needs no flag from 11.4 on; 11.3, which Node 20 has, is the last that hides it. */
const HIDES_RELAXED = 11

/** Switches on what V8 has behind flags. Before any module is compiled; no harm where it is refused. */
export function enableFastWasm(): void {
  if (V8 >= FUSES_FROM) setFlagsFromString('--experimental-wasm-revectorize')
  if (V8 === HIDES_RELAXED) setFlagsFromString('--experimental-wasm-relaxed-simd')
}

/** Rows, a panel and sums as matmul/try-tiles.as.ts has them, in bytes. */
const SUMS_AT = 4 * (6 + 16) * 128
const SUMS_BYTES = 4 * 6 * 16
export const TRY_BYTES = SUMS_AT + SUMS_BYTES

/** What a module exports for the trial. */
export interface Triable {
  tryTiles(fused: number, at: number, rounds: number): void
}

/** Rounds of one timing, some 50 microseconds; timings; milliseconds after which V8 will have compiled what it runs. */
const [ROUNDS, TIMINGS, PATIENCE] = [200, 12, 50]

/**
 * Whether tiles cut for fused instructions are faster here, and give the same bits; `at` has TRY_BYTES to spare. Takes some
 * milliseconds, most of them V8's compiler, on a thread of its own.
 */
export async function fuses({ tryTiles }: Triable, memory: WebAssembly.Memory, at: number): Promise<boolean> {
  if (V8 < FUSES_FROM) return false
  const inputs = new Float32Array(memory.buffer, at, SUMS_AT / 4)
  const sums = new Float32Array(memory.buffer, at + SUMS_AT, SUMS_BYTES / 4)
  for (let i = 0; i < inputs.length; i++) inputs[i] = Math.sin(i) / 8
  const time = (fused: number): number => {
    const began = performance.now()
    tryTiles(fused, at, ROUNDS)
    return performance.now() - began
  }
  const resultOf = (fused: number): Float32Array => {
    tryTiles(fused, at, 1)
    return sums.slice()
  }
  // V8's first compiler makes slow code of both; its second takes over some calls later.
  const began = performance.now()
  while (performance.now() - began < PATIENCE) {
    const best = [Infinity, Infinity]
    for (let i = 0; i < TIMINGS; i++)
      for (const fused of [0, 1]) best[fused] = Math.min(best[fused], time(fused))
    const [apart, together] = best
    if (together < 0.8 * apart) {
      const expected = resultOf(0)
      return resultOf(1).every((value, i) => Object.is(value, expected[i]))
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return false
}
