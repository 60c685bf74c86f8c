/** Which rows of which prompts pass through the model together. Pure planning. */
import type { Prompt } from './types.js'

/** Rows `first` to `first + count - 1` of a prompt. */
export interface ChunkPart {
  prompt: number
  first: number
  count: number
  /** The prompt's last rows are among them. */
  last: boolean
}

/** Cuts prompts into steps of at most `chunk` rows, prompts in order, a prompt at most once a step. */
export function planChunks(lengths: readonly number[], chunk: number): ChunkPart[][] {
  const steps: ChunkPart[][] = []
  let room = 0
  lengths.forEach((length, prompt) => {
    for (let first = 0; first < length; ) {
      const continues = steps.at(-1)?.some((part) => part.prompt === prompt) ?? false
      if (room === 0 || continues) {
        steps.push([])
        room = chunk
      }
      const count = Math.min(room, length - first)
      steps[steps.length - 1].push({ prompt, first, count, last: first + count === length })
      first += count
      room -= count
    }
  })
  return steps
}

/** One sequence's rows in a step. */
export interface SpanRows {
  slot: number
  /** First row in the step. */
  row: number
  count: number
}

/** A row whose logits are wanted. */
export interface ScoredRow {
  row: number
  prompt: number
  /** The prompt's last row. */
  last: boolean
}

/** A chunk's rows, span by span: token and position of each, and which of them are scored. */
export function rowsOf(
  prompts: readonly Prompt[],
  parts: readonly ChunkPart[],
  everyRow: boolean,
): { spans: SpanRows[]; tokens: Uint32Array; scored: ScoredRow[] } {
  const tokens: number[] = []
  const scored: ScoredRow[] = []
  const spans = parts.map(({ prompt, first, count, last: ends }) => {
    const row = tokens.length / 2
    for (let i = 0; i < count; i++) {
      const last = ends && i === count - 1
      if (everyRow || last) scored.push({ row: row + i, prompt, last })
      tokens.push(prompts[prompt].tokens[first + i], first + i)
    }
    return { slot: prompts[prompt].slot, row, count }
  })
  return { spans, tokens: Uint32Array.from(tokens), scored }
}

/** Logits of every chunk's rows, (rows, V) each -> those of all prompts, prompt by prompt. */
export function byPrompt(
  plan: readonly ChunkPart[][],
  logits: readonly (Float32Array | null)[],
  V: number,
): Float32Array {
  const pieces = plan.flatMap((chunk, step) => {
    let row = 0
    return chunk.map(({ prompt, first, count }) => {
      const from = row
      row += count
      return { prompt, first, values: logits[step]?.subarray(from * V, row * V) ?? new Float32Array() }
    })
  })
  pieces.sort((a, b) => a.prompt - b.prompt || a.first - b.first)
  const joined = new Float32Array(pieces.reduce((sum, { values }) => sum + values.length, 0))
  let at = 0
  for (const { values } of pieces) {
    joined.set(values, at)
    at += values.length
  }
  return joined
}
