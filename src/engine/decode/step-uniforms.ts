/** The small structs that a submission's kernels read, and where each lies. */

import type { Slice } from '../compute/device.js'
import type { VocabularySlice } from '../gpt2/vocabulary.js'
import type { StepUniforms } from './step.js'

/** Steps of one submission at most. */
export const MOST_STEPS = 64

export interface Counts {
  rows: number
  scored: number
  spans: number
}

/** Words of each struct; as many structs whatever the steps, so that what was recorded with them stays good. */
export function uniformWords(
  slices: readonly VocabularySlice[],
  { rows, scored, spans }: Counts,
  samples: readonly number[][],
): number[][] {
  const unused = Array.from({ length: MOST_STEPS - samples.length }, () => [0])
  const vocabulary = slices.map(({ first, columns }) => [first, columns])
  return [...vocabulary, [rows], [scored], [spans], ...samples, ...unused]
}

/** Hands the slices of `uniformWords` out again; `samples` holds one for each step. */
export function placeUniforms(at: readonly Slice[], slices: number): StepUniforms & { samples: Slice[] } {
  return {
    slices: at.slice(0, slices),
    rows: at[slices],
    scored: at[slices + 1],
    spans: at[slices + 2],
    samples: at.slice(slices + 3),
  }
}
