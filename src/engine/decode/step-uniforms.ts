/** The small structs that a submission's kernels read, and where each lies. */

import type { Slice } from '../compute/device.js'
import type { VocabularySlice } from '../gpt2/vocabulary.js'
import { MATMUL_SHAPE, STEPS, VOCABULARY_SLICE } from '../kernels/structs.js'
import type { StepUniforms } from './step.js'

/** Steps of one submission at most. */
export const MOST_STEPS = 64

export interface Counts {
  rows: number
  scored: number
  spans: number
}

/** Each struct, packed; as many structs whatever the steps, so that what was recorded with them stays good. */
export function uniformWords(
  slices: readonly VocabularySlice[],
  { rows, scored, spans }: Counts,
  samples: readonly Uint32Array[],
): Uint32Array[] {
  const unused = Array.from({ length: MOST_STEPS - samples.length }, () => new Uint32Array(1))
  const vocabulary = slices.map((slice) => VOCABULARY_SLICE.pack(slice))
  const counts = [MATMUL_SHAPE.pack({ rows }), MATMUL_SHAPE.pack({ rows: scored }), STEPS.pack({ spans })]
  return [...vocabulary, ...counts, ...samples, ...unused]
}

/** Hands the slices of `uniformWords` out again; `samples` holds one for each step. */
export function assignUniforms(at: readonly Slice[], slices: number): StepUniforms & { samples: Slice[] } {
  return {
    slices: at.slice(0, slices),
    rows: at[slices],
    scored: at[slices + 1],
    spans: at[slices + 2],
    samples: at.slice(slices + 3),
  }
}
