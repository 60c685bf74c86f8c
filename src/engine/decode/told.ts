/** What submissions tell, put together into what a caller of the decoder gets. Pure. */
import { columnsOf, type ForwardContext } from '../gpt2/layers.js'
import { joinParts } from '../gpt2/results.js'
import type { Times } from './submission.js'
import { type CacheUsage, STAGES, type Stage, type StepResult } from './types.js'

/** What a submission tells once it is done. */
export interface Told {
  tokens: Uint32Array
  time: Times | null
  usage: CacheUsage
  logits: Float32Array | null
}

/** Device time of all parts and what the last of them tells of the cache. */
export function sumTimes(parts: readonly Told[]): Pick<StepResult, 'seconds' | 'stages' | 'usage'> {
  const { usage } = parts[parts.length - 1]
  if (parts.some(({ time }) => time === null)) return { seconds: null, stages: null, usage }
  const sum = (of: (time: NonNullable<Told['time']>) => number): number =>
    parts.reduce((total, { time }) => total + (time === null ? 0 : of(time)), 0)
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, sum((time) => time.stages[stage])]))
  return { seconds: sum(({ seconds }) => seconds), stages: stages as Record<Stage, number>, usage }
}

/** Logits as `logitSlices` has them -> (rows, V). */
export function joinLogits(
  { config, weights }: Pick<ForwardContext, 'config' | 'weights'>,
  logits: Float32Array,
  rows: number,
): Float32Array {
  const blocks = weights.tokens.map(({ first, columns, linear }) => {
    return { firstRow: 0, rows, first, columns, stride: columnsOf(linear) }
  })
  let at = 0
  const values = blocks.map(({ stride }) => {
    at += rows * stride
    return logits.slice(at - rows * stride, at).buffer
  })
  return joinParts(rows, config.vocabSize, blocks, values)
}

/** (L, B, n_positions) death times -> [layer][place], each of its sequence's length. */
export function deathsByPlace(
  deaths: Uint32Array,
  lengths: readonly number[],
  layers: number,
): Uint32Array[][] {
  const places = lengths.length
  const nPositions = deaths.length / (layers * places)
  return Array.from({ length: layers }, (_, layer) =>
    lengths.map((length, place) => {
      const from = (layer * places + place) * nPositions
      return deaths.slice(from, from + length)
    }),
  )
}
