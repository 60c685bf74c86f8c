/** What is read back from submissions, joined into the results of a decoder. Pure. */
import { NEVER } from '../batch.js'
import { columnsOf, type ForwardContext } from '../gpt2/layers.js'
import { joinParts } from '../gpt2/results.js'
import type { Times } from './dispatch-list.js'
import { type CacheUsage, STAGES, type Stage, type StepResult } from './types.js'

/** Read back once a submission is done. */
export interface StepReadback {
  tokens: Uint32Array
  time: Times | null
  usage: CacheUsage
  logits: Float32Array | null
}

/** Device time of all parts, and the cache's usage after the last. */
export function sumTimes(parts: readonly StepReadback[]): Pick<StepResult, 'seconds' | 'stages' | 'usage'> {
  const { usage } = parts[parts.length - 1]
  const times = parts.flatMap(({ time }) => (time === null ? [] : [time]))
  if (times.length < parts.length) return { seconds: null, stages: null, usage }
  const sum = (of: (time: Times) => number): number => times.reduce((total, time) => total + of(time), 0)
  const split = times.every(({ stages }) => stages !== null)
  const stages = STAGES.map((stage) => [stage, sum((time) => time.stages?.[stage] ?? 0)])
  return {
    seconds: sum(({ seconds }) => seconds),
    stages: split ? (Object.fromEntries(stages) as Record<Stage, number>) : null,
    usage,
  }
}

/** Logits as `logitSlices` has them -> (rows, V). */
export function joinLogits(
  { config, weights }: Pick<ForwardContext, 'config' | 'weights'>,
  logits: Float32Array,
  rows: number,
): Float32Array {
  const blocks = weights.head.map(({ first, columns, linear }) => {
    return { firstRow: 0, rows, first, columns, stride: columnsOf(linear) }
  })
  let at = 0
  const values = blocks.map(({ stride }) => {
    at += rows * stride
    return logits.slice(at - rows * stride, at).buffer
  })
  return joinParts(rows, config.vocabSize, blocks, values)
}

/** (L, B, n_positions) death times -> [layer][slot], each of its sequence's length. */
export function deathsBySlot(
  deaths: Uint32Array,
  lengths: readonly number[],
  layers: number,
): Uint32Array[][] {
  const slots = lengths.length
  const nPositions = deaths.length / (layers * slots)
  return Array.from({ length: layers }, (_, layer) =>
    lengths.map((length, slot) => {
      const from = (layer * slots + slot) * nPositions
      // A time past the end is of no query yet.
      return deaths.slice(from, from + length).map((time) => (time < length ? time : NEVER))
    }),
  )
}
