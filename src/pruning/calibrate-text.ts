/**
 * The threshold shift for a share of context to be dropped of running text, at one context length: what is dropped
 * grows with the length, so a shift belongs to the length it was found at.
 */
import type { Engine } from '../engine/engine.js'
import { Failure } from '../errors.js'
import { type Calibration, countTokens, sampleByLength, sampleSparsity } from './calibrate.js'
import { searchCurve } from './curve-search.js'
import type { Evaluation } from './shift-search.js'

export interface TextCalibrationOptions {
  /** n: tokens of a window. */
  ctx: number
  /** S_pair wanted (docs/method.md, Sparsity), above 0 and below 1. */
  sparsity: number
  /** Where the evenly spread sample of windows starts. */
  seed: number
  /** Tokens of a batch at most; a window that is longer is a batch of its own. */
  batchTokens?: number
  /** Tokens of the sample, as far as there are so many. */
  sampleTokens?: number
  /** What was measured before on the same tokens at the same length, for another sparsity: the search starts there. */
  known?: readonly Evaluation[]
  /** Told of every evaluation. */
  onTry?: (evaluation: Evaluation) => void
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/** S_pair is then within some 0.015 of that of all windows (standard deviation, at S 0.5), half of it at S 0.8. */
const SAMPLE_TOKENS = 8192

/**
 * @param tokens a text at least `ctx` long; its windows stand side by side and a last part of one is left out
 * @throws Failure when the text is too short or the device fails; a target out of reach gives the nearest shift
 */
export async function calibrateText(
  engine: Engine,
  tokens: Uint32Array,
  options: TextCalibrationOptions,
): Promise<Calibration> {
  return calibrateWindows(engine, wholeWindows(tokens, options.ctx), options)
}

/** The same on windows cut by the caller. */
export async function calibrateWindows(
  engine: Engine,
  windows: readonly Uint32Array[],
  {
    sparsity,
    seed,
    batchTokens = 2048,
    sampleTokens = SAMPLE_TOKENS,
    known,
    onTry,
    signal,
  }: TextCalibrationOptions,
): Promise<Calibration> {
  // Its rule is known, and no shift is large enough to be sure.
  if (sparsity === 0) throw new RangeError('calibrate: sparsity must be above 0, got 0')
  const inputs = windows.map((input) => ({ input }))
  const sample = sampleByLength(inputs, { requests: inputs.length, tokens: sampleTokens }, seed)
  const evaluations: Evaluation[] = []
  const measure = async (shift: number): Promise<Evaluation> => {
    signal?.throwIfAborted()
    const measured = await sampleSparsity(engine, sample, shift, batchTokens)
    const evaluation = { shift, requests: sample.length, sparsity: measured }
    evaluations.push(evaluation)
    onTry?.(evaluation)
    return evaluation
  }
  const found = await searchCurve(measure, sparsity, known)
  return {
    shift: found.shift,
    sparsity: found.sparsity,
    sequences: sample.length,
    tokens: countTokens(sample),
    evaluations,
  }
}

/** Windows of `ctx` tokens, one after the other. */
export function wholeWindows(tokens: Uint32Array, ctx: number): Uint32Array[] {
  const count = Math.floor(tokens.length / ctx)
  if (count === 0) {
    throw new Failure(`text: must have at least ${ctx} tokens, one window, got ${tokens.length}`, {
      hint: 'give more text or a shorter context length',
    })
  }
  return Array.from({ length: count }, (_, i) => tokens.subarray(i * ctx, (i + 1) * ctx))
}
