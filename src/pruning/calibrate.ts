/**
 * `--sparsity S`: finds the one shift of the drop threshold, shared by all layers, that removes the share S of
 * causal pairs over a sample of the run's own requests. The sample never looks at a label.
 */
import { packBatch } from '../engine/batch.js'
import { causalPairs, countLayerDrops } from '../engine/drops.js'
import type { Engine } from '../engine/engine.js'
import { addCounts, addScore, emptyCounts, type ScoreCounts, sparsityOf } from '../record/eval/build.js'
import { inBatches } from '../run/batches.js'
import { pythonRandom } from '../stats/python-random.js'
import { type Evaluation, findShift, type Measure } from './shift-search.js'

export interface Calibration {
  shift: number
  /** S_pair of the sample at that shift (docs/method.md, Sparsity). */
  sparsity: number
  /** Of the sample. */
  sequences: number
  tokens: number
  /** In the order they were made. */
  evaluations: Evaluation[]
}

export interface CalibrateOptions {
  sparsity: number
  seed: number
  /** Tokens of a batch at most. */
  batchTokens?: number
  signal?: AbortSignal
  onTry?: (evaluation: Evaluation) => void
}

/** All that calibration looks at of a request. */
export interface Sampled {
  input: ArrayLike<number>
}

/** Sizes of the two samples: a coarse one to come near, a fine one to decide. */
export const COARSE = { requests: 24, tokens: 1_500 }
// Some 120 requests of HellaSwag, 400 of WinoGrande: sparsity within 0.003 of the whole run's (standard deviation).
export const FINE = { requests: 512, tokens: 11_000 }

/** Throws a Failure only if the device fails; a target out of reach gives the nearest shift found. */
export async function calibrate(
  engine: Engine,
  requests: readonly Sampled[],
  { sparsity, seed, batchTokens = 2048, signal, onTry }: CalibrateOptions,
): Promise<Calibration> {
  const fine = sampleByLength(requests, FINE, seed)
  const coarse = everyNth(fine, COARSE)
  const evaluations: Evaluation[] = []
  const measureOn =
    (sample: readonly Sampled[]): Measure =>
    async (shift) => {
      signal?.throwIfAborted()
      const sparsity = await sampleSparsity(engine, sample, shift, batchTokens)
      const evaluation = { shift, requests: sample.length, sparsity }
      evaluations.push(evaluation)
      onTry?.(evaluation)
      return evaluation
    }
  const small = coarse.length === fine.length
  const best = await findShift(sparsity, measureOn(coarse), small ? null : measureOn(fine))
  return {
    shift: best.shift,
    sparsity: best.sparsity,
    sequences: fine.length,
    tokens: countTokens(fine),
    evaluations,
  }
}

interface Size {
  requests: number
  tokens: number
}

/**
 * A systematic sample over requests ordered by length, with a seeded start: short and long requests, which differ
 * most in sparsity, are represented in proportion.
 */
export function sampleByLength<T extends Sampled>(requests: readonly T[], size: Size, seed: number): T[] {
  const ordered = requests
    .filter(({ input }) => input.length > 1)
    .sort((a, b) => a.input.length - b.input.length)
  const perRequest = countTokens(ordered) / Math.max(1, ordered.length)
  const count = Math.min(ordered.length, size.requests, Math.max(1, Math.floor(size.tokens / perRequest)))
  const step = ordered.length / count
  const start = pythonRandom(seed).random() * step
  return Array.from(
    { length: count },
    (_, i) => ordered[Math.min(ordered.length - 1, Math.floor(start + i * step))],
  )
}

/** Spread over the sample, so that it keeps the sample's mix of lengths. */
function everyNth(sample: readonly Sampled[], { requests, tokens }: Size): readonly Sampled[] {
  const perRequest = countTokens(sample) / Math.max(1, sample.length)
  const count = Math.max(1, Math.min(requests, Math.floor(tokens / perRequest)))
  if (count >= sample.length) return sample
  const step = sample.length / count
  return Array.from({ length: count }, (_, i) => sample[Math.floor((i + 0.5) * step)])
}

/** S_pair over the inputs, each counted whole (docs/method.md, Sparsity). */
export async function sampleSparsity(
  engine: Engine,
  sample: readonly Sampled[],
  shift: number,
  batchTokens: number,
): Promise<number> {
  const counted: Promise<ScoreCounts>[] = []
  for (const requests of inBatches(sample, batchTokens, ({ input }) => input.length)) {
    const segments = requests.map(({ input }) => ({ tokens: input, trunk: null }))
    const batch = packBatch(segments, [], engine.tiles)
    counted.push(
      engine.deathTimes(batch, { kind: 'adaptive', shift }).then((deaths) =>
        requests.reduce((counts, { input }, i) => {
          const drops = countLayerDrops(deaths, i)
          return addScore(counts, input.length, { pairs: causalPairs(input.length), ...drops })
        }, emptyCounts(engine.config.nLayer)),
      ),
    )
  }
  const counts = (await Promise.all(counted)).reduce(addCounts, emptyCounts(engine.config.nLayer))
  return sparsityOf(counts).achieved
}

export function countTokens(requests: readonly Sampled[]): number {
  return requests.reduce((sum, { input }) => sum + input.length, 0)
}
