/** How a text is cut into what the model is fed, and which predictions count: the protocols of perplexity. Pure. */

import type { PROTOCOL_NAMES } from '../record/names.js'
import type { PlannedWindow } from '../record/ppl/build.js'
import type { Stretch } from './stretches.js'

export type Window = PlannedWindow

export interface WindowOptions {
  /** n: tokens fed at most. */
  ctx: number
  /** Tokens from one window's beginning to the next; only of `strided`. */
  stride: number
  /** Stands before the first token of the text. */
  prefixToken: number
}

export interface Protocol {
  /** In a sentence, for tables and records. */
  description: string
  /** A start token stands before the text. */
  hasPrefix: boolean
  windows(tokens: Uint32Array, stretch: Stretch, options: WindowOptions): Window[]
}

export type ProtocolName = (typeof PROTOCOL_NAMES)[number]

export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = {
  windowed: {
    description:
      'every token is predicted once, in windows of ctx tokens back to back that are fed the token before them ' +
      "(lm-evaluation-harness's rolling log-likelihood)",
    hasPrefix: true,
    windows: windowed,
  },
  strided: {
    description:
      "windows of ctx tokens that begin stride tokens apart; what no earlier one held is scored, a window's first token " +
      'never (the sliding window of the Transformers guide)',
    hasPrefix: false,
    windows: strided,
  },
  llama: {
    description:
      'chunks of ctx tokens; the predictions of the second half are scored, what is left over is dropped (llama-perplexity)',
    hasPrefix: false,
    windows: llama,
  },
  blocks: {
    description:
      'blocks of ctx tokens back to back, of which each predicts the next, the last one the first of the next block; what ' +
      'is left over is dropped (the validation loss of llm.c and modded-nanogpt)',
    hasPrefix: false,
    windows: blocks,
  },
}

/** Tokens that a window of a protocol predicts behind those it is fed. */
export const NEXT: Readonly<Record<ProtocolName, number>> = { windowed: 0, strided: 0, llama: 0, blocks: 1 }

/** As `rollingWindows` of src/eval, from any place of a text on: context is what really stands before. */
function windowed(
  tokens: Uint32Array,
  { start, end }: Stretch,
  { ctx, prefixToken }: WindowOptions,
): Window[] {
  const windows: Window[] = []
  for (let first = start; first < end; first += ctx) {
    const last = Math.min(first + ctx, end)
    const from = Math.max(0, last - 1 - ctx)
    const isFirst = first === 0
    const input = isFirst
      ? Uint32Array.of(prefixToken, ...tokens.subarray(0, last - 1))
      : tokens.slice(from, last - 1)
    const targets = tokens.slice(first, last)
    windows.push({ input, firstRow: input.length - targets.length, firstTarget: first, targets })
  }
  return windows
}

function strided(tokens: Uint32Array, { start, end }: Stretch, { ctx, stride }: WindowOptions): Window[] {
  const windows: Window[] = []
  let seen = start + 1
  for (let first = start; seen < end; first += stride) {
    const last = Math.min(first + ctx, end)
    // A window's first token has nothing before it to be predicted from.
    const firstTarget = Math.max(seen, first + 1)
    if (firstTarget < last) {
      const targets = tokens.slice(firstTarget, last)
      windows.push({
        input: tokens.slice(first, last),
        firstRow: firstTarget - first - 1,
        firstTarget,
        targets,
      })
    }
    seen = last
  }
  return windows
}

function llama(tokens: Uint32Array, { start, end }: Stretch, { ctx }: WindowOptions): Window[] {
  const firstRow = Math.floor(ctx / 2)
  return Array.from({ length: Math.floor((end - start) / ctx) }, (_, i) => {
    const first = start + i * ctx
    const firstTarget = first + firstRow + 1
    return {
      input: tokens.slice(first, first + ctx),
      firstRow,
      firstTarget,
      targets: tokens.slice(firstTarget, first + ctx),
    }
  })
}

function blocks(tokens: Uint32Array, { start, end }: Stretch, { ctx }: WindowOptions): Window[] {
  const windows: Window[] = []
  for (let first = start; first + ctx <= end && first + ctx < tokens.length; first += ctx) {
    const targets = tokens.slice(first + 1, first + 1 + ctx)
    windows.push({ input: tokens.slice(first, first + ctx), firstRow: 0, firstTarget: first + 1, targets })
  }
  return windows
}
