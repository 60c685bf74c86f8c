/** From what the device hands back to numbers per target and per sequence. Pure. */
import type { Batch } from '../batch.js'
import { causalPairs } from '../drops.js'

export interface BatchScores {
  /** Natural-log probability of each target, in the batch's order. */
  logprobs: Float64Array
  /** 1 where the target is the arg max of its row (the lowest token wins a tie). */
  greedy: Uint8Array
}

/** states (M, 4) of logsumexp.wgsl and the targets' own logits -> log-probabilities, in float64. */
export function scoreTargets(batch: Batch, states: Float32Array, logits: Float32Array): BatchScores {
  const tokens = new Uint32Array(states.buffer, states.byteOffset, states.length)
  const count = batch.targets.length / 2
  const logprobs = new Float64Array(count)
  const greedy = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    const row = batch.targets[2 * i]
    logprobs[i] = logits[i] - states[4 * row] - Math.log(states[4 * row + 1])
    greedy[i] = tokens[4 * row + 2] === batch.targets[2 * i + 1] ? 1 : 0
  }
  return { logprobs, greedy }
}

/** (L, keys) -> [layer][segment][position]. */
export function deathsByView(batch: Batch, deaths: Uint32Array, layers: number): Uint32Array[][] {
  return Array.from({ length: layers }, (_, layer) =>
    batch.views.map(({ first, length }) => {
      const from = layer * batch.keys + first
      return deaths.subarray(from, from + length)
    }),
  )
}

/** (L, keys) of soft-mask.wgsl -> [layer][segment]: mean over the causal pairs, 1 where there are none. */
export function keepByView(batch: Batch, keeps: Float32Array, layers: number): Float64Array[] {
  return Array.from({ length: layers }, (_, layer) =>
    Float64Array.from(batch.views, ({ first, length }) => {
      const from = layer * batch.keys + first
      const kept = keeps.subarray(from, from + length).reduce((sum, own) => sum + own, 0)
      return length === 1 ? 1 : kept / causalPairs(length)
    }),
  )
}

export interface LogitBlock {
  firstRow: number
  rows: number
  /** First token and number of tokens of the slice. */
  first: number
  columns: number
  /** Columns of the slice in memory. */
  stride: number
}

/** Blocks of logits, each (rows, stride) -> (M, V). */
export function joinParts(
  scored: number,
  V: number,
  blocks: readonly LogitBlock[],
  values: readonly ArrayBuffer[],
): Float32Array {
  const logits = new Float32Array(scored * V)
  blocks.forEach(({ firstRow, rows, first, columns, stride }, index) => {
    const block = new Float32Array(values[index])
    for (let row = 0; row < rows; row++) {
      logits.set(block.subarray(row * stride, row * stride + columns), (firstRow + row) * V + first)
    }
  })
  return logits
}
