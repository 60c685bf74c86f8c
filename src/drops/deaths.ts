/** Inputs through the engine under one rule: the death times of each, input by input. */
import { NEVER, packBatch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import { inBatches } from '../run/batches.js'
import { finiteSum } from '../run/finite.js'

/** Of one input, (layers, n); NEVER for what outlives it. */
export type InputDeaths = readonly Uint32Array[]

export interface DeathOptions {
  /** Tokens of a batch at most; an input that is longer is a batch of its own. */
  batchTokens: number
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * In order, a batch's worth at a time.
 * @throws Failure (exit 1) where what the last row predicts is NaN or infinite: then death times mean nothing either
 */
export async function* inputDeaths(
  engine: Engine,
  inputs: readonly Uint32Array[],
  rule: DropRule,
  { batchTokens, signal }: DeathOptions,
): AsyncGenerator<InputDeaths[]> {
  for (const batch of inBatches(inputs, batchTokens, ({ length }) => length)) {
    signal?.throwIfAborted()
    const segments = batch.map((tokens) => ({ tokens, trunk: null }))
    // A last row that predicts something: what is not needed is not computed, and a pass must have an end.
    const targets = batch.map((tokens, segment) => ({ segment, row: tokens.length - 1, token: 0 }))
    const { deaths, logprobs } = await engine.score(packBatch(segments, targets, engine.tiles), rule)
    finiteSum(logprobs, () => 'last token of the text or of a window')
    yield batch.map((tokens, segment) =>
      Array.from(
        { length: engine.config.nLayer },
        (_, layer) => deaths?.[layer][segment] ?? new Uint32Array(tokens.length).fill(NEVER),
      ),
    )
  }
}
