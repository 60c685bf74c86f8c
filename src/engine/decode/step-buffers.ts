/** The buffers that the steps of a decoder share, and how large they are. */
import type { DeviceBuffer } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { attentionWidth, decisionWidth, type Gpt2Config } from '../gpt2/config.js'
import { maxPages, PAGE } from './layout.js'

/** What the sizes follow from. */
export interface StepExtent {
  /** Rows of a step at most. */
  rows: number
  /** M: rows whose logits are computed at a time. */
  scored: number
  /** B */
  slots: number
  /** Steps of one submission at most. */
  steps: number
  /** Words of logits a row has, over all vocabulary slices. */
  logitWords: number
  /** Words that attention needs for itself. */
  scratchWords: number
}

/** Elements of four bytes of each buffer; the one list of what a step holds. */
const SIZES = {
  /** (rows, 2) token, position */
  tokens: (e: StepExtent) => 2 * e.rows,
  /** (rows, C) residual stream */
  x: (e: StepExtent, c: Gpt2Config) => e.rows * c.nEmbd,
  /** (rows, C) output of a layer norm */
  normed: (e: StepExtent, c: Gpt2Config) => e.rows * c.nEmbd,
  /** (rows, 3 A) */
  qkv: (e: StepExtent, c: Gpt2Config) => e.rows * 3 * attentionWidth(c),
  /** (rows, 2 r), or (rows, 4) of a gate */
  interaction: (e: StepExtent, c: Gpt2Config) => e.rows * decisionWidth(c),
  /** (rows, rows of a slot) logs of what selective attention leaves of keys, in the order of their rows */
  masks: (e: StepExtent, c: Gpt2Config) => (c.selective ? e.rows * maxPages(c) * PAGE : 0),
  /** (rows, A) output of the attention heads */
  heads: (e: StepExtent, c: Gpt2Config) => e.rows * attentionWidth(c),
  /** partial results of attention, or lists of the rows it visits */
  scratch: (e: StepExtent) => e.scratchWords,
  /** (rows, F) */
  hidden: (e: StepExtent, c: Gpt2Config) => e.rows * c.nInner,
  /** (spans, 4) struct Span */
  spans: (e: StepExtent) => 4 * e.slots,
  /** (tiles, 4) struct Span, with the first query of the tile */
  tiles: (e: StepExtent) => 4 * e.rows,
  /** (M) */
  scoredRows: (e: StepExtent) => e.scored,
  /** (M, C) */
  scoredNormed: (e: StepExtent, c: Gpt2Config) => e.scored * c.nEmbd,
  /** by vocabulary slice, each (M, its columns) */
  logits: (e: StepExtent) => e.scored * e.logitWords,
  /** (M, 2) last token of a prompt, then the token chosen after it, with positions */
  chosen: (e: StepExtent) => 2 * e.scored,
  /** (M, 4) */
  samplings: (e: StepExtent) => 4 * e.scored,
  /** (steps, M) tokens chosen */
  ring: (e: StepExtent) => e.steps * e.scored,
  /** (steps, M) tokens to take instead */
  forced: (e: StepExtent) => e.steps * e.scored,
  /** (B, 2) the token each slot is fed next, with its position */
  next: (e: StepExtent) => 2 * e.slots,
} satisfies Record<string, (extent: StepExtent, config: Gpt2Config) => number>

export type StepBuffers = Record<keyof typeof SIZES, DeviceBuffer>

const NAMES = Object.keys(SIZES) as (keyof typeof SIZES)[]

export function stepBytes(extent: StepExtent, config: Gpt2Config): number {
  return NAMES.reduce((sum, name) => sum + 4 * SIZES[name](extent, config), 0)
}

export function createStepBuffers(memory: Memory, extent: StepExtent, config: Gpt2Config): StepBuffers {
  const entries = NAMES.map((name) => {
    const bytes = 4 * SIZES[name](extent, config)
    return [name, memory.storage('activations', `step ${name}`, bytes)] as const
  })
  return Object.fromEntries(entries) as StepBuffers
}
