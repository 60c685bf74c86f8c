/** The same sequences in one masked pass and step by step, to be compared. */
import * as assert from 'uvu/assert'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import { type CacheUsage, type DecoderOptions, GREEDY } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import { EVICTING, isEvicting, layerSize, type SizedRule, STATIC } from '../../src/engine/policies/index.js'
import type { Depth, EvictingPolicy } from '../../src/engine/policies/policy.js'
import type { DropRule } from '../../src/engine/rules.js'
import { largestDifference } from '../reference/compare.js'

export const ADAPTIVE = { kind: 'adaptive', shift: 0 } as const

export const OPTIONS: DecoderOptions = {
  rule: ADAPTIVE,
  cache: 'paged',
  cacheDtype: 'f32',
  slots: 3,
  chunk: 64,
}

export interface Pass {
  /** (rows, V), [sequence] */
  logits: Float32Array[]
  /** [layer][sequence] */
  deaths: Uint32Array[][]
}

/** One masked pass over all of them. */
export async function wholePass(
  engine: Engine,
  sequences: readonly Uint32Array[],
  rule: DropRule,
): Promise<Pass> {
  const { vocabSize: V, nLayer: L } = engine.config
  const batch = packBatch(
    sequences.map((tokens) => ({ tokens, trunk: null })),
    sequences.flatMap((tokens, segment) => Array.from(tokens, (_, row) => ({ segment, row, token: 0 }))),
    engine.tiles,
  )
  const { logits, deaths } = await engine.logits(batch, rule)
  let row = 0
  const bySequence = sequences.map(({ length }) => {
    row += length
    return logits.subarray((row - length) * V, row * V)
  })
  const never = sequences.map(({ length }) => new Uint32Array(length).fill(NEVER))
  return { logits: bySequence, deaths: deaths ?? Array.from({ length: L }, () => never) }
}

/** The same by a decoder: `prompt` tokens of each sequence in chunks, the rest fed one by one. */
export async function stepByStep(
  engine: Engine,
  sequences: readonly Uint32Array[],
  options: Partial<DecoderOptions>,
  prompt: (length: number) => number,
): Promise<Pass & { usage: CacheUsage }> {
  const V = engine.config.vocabSize
  const decoder = await engine.decoder({ ...OPTIONS, ...options, slots: sequences.length, logits: true })
  try {
    const prompts = sequences.map((tokens, slot) => {
      const count = prompt(tokens.length)
      return { slot, tokens: tokens.subarray(0, count), sampling: GREEDY, next: tokens[count] }
    })
    const first = await decoder.prefill(prompts)
    const logits = sequences.map(({ length }) => new Float32Array(length * V))
    let row = 0
    for (const { slot, tokens } of prompts) {
      logits[slot].set(first.logits?.subarray(row * V, (row + tokens.length) * V) ?? [])
      row += tokens.length
    }
    const longest = Math.max(...sequences.map(({ length }) => length))
    for (let at = 1; at < longest; at++) {
      const slots = prompts.flatMap(({ slot, tokens }) =>
        at >= tokens.length && at < sequences[slot].length ? [slot] : [],
      )
      if (slots.length === 0) continue
      const forced = Uint32Array.from(slots, (slot) => sequences[slot][at + 1] ?? 0)
      const step = await decoder.decode(slots, 1, forced)
      slots.forEach((slot, i) => {
        logits[slot].set(step.logits?.subarray(i * V, (i + 1) * V) ?? [], at * V)
      })
    }
    return { logits, deaths: await decoder.deaths(), usage: decoder.usage() }
  } finally {
    decoder.close()
  }
}

const survivors = (times: Uint32Array): number => times.filter((time) => time === NEVER).length

/** Rows that the next query sees: those of the last query's victims are free already. */
export function liveRows(rule: SizedRule, model: Depth) {
  return (times: Uint32Array, layer: number): number => {
    const n = times.length
    const survivors = times.filter((time) => time === NEVER).length
    if (isEvicting(rule)) {
      const { interval, start = 0 }: EvictingPolicy = EVICTING[rule.kind]
      const due = n % interval === start % interval
      return due ? Math.min(survivors, layerSize(rule, layer, model)) : survivors
    }
    return times.filter((_, j) => STATIC[rule.kind].death(j, rule.size) > n).length
  }
}

/** Logits at every position, death times, and that what died is counted so. Gives how far logits are apart. */
export function assertSame(
  steps: Pass & { usage: CacheUsage },
  whole: Pass,
  {
    tolerance = 1e-4,
    live = survivors,
  }: { tolerance?: number; live?: (times: Uint32Array, layer: number) => number } = {},
): number {
  let furthest = 0
  whole.logits.forEach((logits, slot) => {
    const worst = largestDifference(steps.logits[slot], logits)
    assert.ok(worst < tolerance, `sequence ${slot}: off by ${worst}`)
    furthest = Math.max(furthest, worst)
    whole.deaths.forEach((layer, l) => {
      assert.equal([...steps.deaths[l][slot]], [...layer[slot]], `layer ${l}, slot ${slot}`)
      assert.is(steps.usage.rows[l][slot], live(layer[slot], l), `live rows, layer ${l}, slot ${slot}`)
    })
  })
  return furthest
}
