/** How many tokens a batch may have, planned from what memory is left before anything is scored. Pure. */
import type { AdapterTraits } from '../engine/tuning.js'
import { EXIT, Failure } from '../errors.js'

/**
 * Tokens of a batch: enough to fill the adapter, little enough to see progress on a software one, and more than GPT-2's context, so that
 * the choices after a text of 1,024 tokens share it.
 */
export const BATCH_TOKENS: Readonly<Record<AdapterTraits['kind'], number>> = {
  hardware: 8192,
  llvmpipe: 2048,
  swiftshader: 2048,
  software: 2048,
  cpu: 1152,
}

export interface BatchPlan {
  /** `--batch-tokens`, or what suits the adapter. */
  wanted: number
  /** What one batch can have on this adapter, whatever its memory. */
  most: number
  /** Tokens of the longest request. */
  longest: number
  /** Bytes left for activations. */
  free: number
  /** Bytes of activations of a batch of so many tokens. */
  bytes(tokens: number): number
}

/** Halves what is wanted until it fits. Throws a Failure when not even the longest request would. */
export function planBatchTokens({ wanted, most, longest, free, bytes }: BatchPlan): number {
  let tokens = Math.min(wanted, most)
  while (bytes(tokens) > free && tokens > longest) tokens = Math.max(longest, Math.floor(tokens / 2))
  const alone = Math.max(tokens, longest)
  if (alone > most || bytes(alone) > free) {
    const need =
      alone > most ? `${alone} tokens, one batch has ${most}` : `${bytes(alone)} bytes, ${free} are free`
    throw new Failure(`memory: the longest request needs ${need}`, {
      hint: 'use --dtype f16, a smaller model or a machine with more memory',
      exit: EXIT.failed,
    })
  }
  return tokens
}
