/**
 * The one shift of the drop threshold, shared by all layers, that removes a given share of causal pairs over a sample of the very
 * sequences it is for: what is dropped grows with the length, so a shift belongs to lengths. The sample never looks at a label.
 */
import { packBatch, type Segment } from '../engine/batch.js'
import { causalPairs, countLayerDrops } from '../engine/drops.js'
import type { Engine } from '../engine/engine.js'
import { addCounts, addScore, emptyCounts, type ScoreCounts, sparsityOf } from '../record/eval/build.js'
import { inBatches } from '../run/batches.js'
import { pythonRandom } from '../stats/python-random.js'
import { type Evaluation, type Measure, searchShift } from './search.js'

/** Token ids, and from where on nothing is dropped. */
export type Sequence = Pick<Segment, 'tokens' | 'frozenFrom'>

export interface Calibration {
  shift: number
  /** S_pair of the sample at that shift (docs/method.md, Sparsity). */
  sparsity: number
  /** Of the sample. */
  sequences: number
  tokens: number
  /** In the order they were made; without those that were known. */
  evaluations: Evaluation[]
}

export interface Size {
  sequences: number
  tokens: number
}

export interface CalibrateOptions {
  /** Above 0 and below 1. */
  sparsity: number
  /** Where the evenly spread sample starts. */
  seed: number
  sample: Sample
  /** Tokens of a batch at most; a sequence that is longer is a batch of its own. */
  batchTokens?: number
  /** What was measured before on the same sequences, for another sparsity. */
  known?: readonly Evaluation[]
  onTry?: (evaluation: Evaluation) => void
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/** How many sequences are looked at: `coarse` of them to come near, all of `fine` to decide. */
export interface Sample {
  fine: Size
  coarse?: Size
}

/** Some 120 requests of HellaSwag, 400 of WinoGrande: sparsity within 0.003 of the whole run's (standard deviation). */
export const REQUESTS: Required<Sample> = {
  fine: { sequences: 512, tokens: 11_000 },
  coarse: { sequences: 24, tokens: 1_500 },
}

/** Windows of running text. */
export const windowsOf = (tokens: number): Sample => ({
  fine: { sequences: Number.POSITIVE_INFINITY, tokens },
})

/** On a coarse sample, nearer than this is not worth its evaluations. */
const ROUGH = 0.01

/** Below every drop score: whatever may be dropped is. */
const DROPS_ALL = -1e4

/** Throws a Failure only if the device fails; a target out of reach gives the nearest shift found. */
export async function calibrate(
  engine: Engine,
  sequences: readonly Sequence[],
  { sparsity, seed, sample, batchTokens = 2048, known, signal, onTry }: CalibrateOptions,
): Promise<Calibration> {
  // Its rule is known, and no shift is large enough to be sure.
  if (sparsity === 0) throw new RangeError('calibrate: sparsity must be above 0, got 0')
  const fine = sampleByLength(sequences, sample.fine, seed)
  const coarse = sample.coarse === undefined ? fine : everyNth(fine, sample.coarse)
  const evaluations: Evaluation[] = []
  const measureOn =
    (some: readonly Sequence[]): Measure =>
    async (shift) => {
      signal?.throwIfAborted()
      const achieved = await sampleSparsity(engine, some, shift, batchTokens)
      const evaluation = { shift, requests: some.length, sparsity: achieved }
      evaluations.push(evaluation)
      onTry?.(evaluation)
      return evaluation
    }
  const search = async (): Promise<Evaluation> => {
    const isSmall = coarse.length === fine.length
    const near = isSmall ? null : await searchShift(measureOn(coarse), sparsity, { tolerance: ROUGH })
    return searchShift(measureOn(fine), sparsity, { known, start: near?.shift })
  }
  const most = mostSparsity(fine, engine.config.interaction?.grace ?? 0)
  const best = sparsity < most ? await search() : await measureOn(fine)(DROPS_ALL)
  return {
    shift: best.shift,
    sparsity: best.sparsity,
    sequences: fine.length,
    tokens: countTokens(fine),
    evaluations,
  }
}

/**
 * A systematic sample over sequences ordered by length, with a seeded start: short and long ones, which differ most in sparsity, are
 * represented in proportion.
 */
export function sampleByLength<T extends Sequence>(sequences: readonly T[], size: Size, seed: number): T[] {
  const ordered = sequences
    .filter(({ tokens }) => tokens.length > 1)
    .sort((a, b) => a.tokens.length - b.tokens.length)
  const mean = countTokens(ordered) / Math.max(1, ordered.length)
  const count = Math.min(ordered.length, size.sequences, Math.max(1, Math.floor(size.tokens / mean)))
  const step = ordered.length / count
  const start = pythonRandom(seed).random() * step
  return Array.from(
    { length: count },
    (_, i) => ordered[Math.min(ordered.length - 1, Math.floor(start + i * step))],
  )
}

/** Spread over the sample, so that it keeps the sample's mix of lengths. */
function everyNth(sample: readonly Sequence[], { sequences, tokens }: Size): readonly Sequence[] {
  const mean = countTokens(sample) / Math.max(1, sample.length)
  const count = Math.max(1, Math.min(sequences, Math.floor(tokens / mean)))
  if (count >= sample.length) return sample
  const step = sample.length / count
  return Array.from({ length: count }, (_, i) => sample[Math.floor((i + 0.5) * step)])
}

/** S_pair over the inputs, each counted whole (docs/method.md, Sparsity). */
export async function sampleSparsity(
  engine: Engine,
  sample: readonly Sequence[],
  shift: number,
  batchTokens: number,
): Promise<number> {
  const counted: Promise<ScoreCounts>[] = []
  for (const requests of inBatches(sample, batchTokens, ({ tokens }) => tokens.length)) {
    const segments = requests.map((sequence) => ({ ...sequence, trunk: null }))
    const batch = packBatch(segments, [], engine.tiles)
    counted.push(
      engine.deathTimes(batch, { kind: 'adaptive', shift }).then((deaths) =>
        requests.reduce((counts, { tokens: { length } }, i) => {
          const drops = countLayerDrops(deaths, i)
          return addScore(counts, length, { pairs: causalPairs(length), ...drops })
        }, emptyCounts(engine.config.nLayer)),
      ),
    )
  }
  const counts = (await Promise.all(counted)).reduce(addCounts, emptyCounts(engine.config.nLayer))
  return sparsityOf(counts).achieved
}

/** S_pair when every token is dropped as soon as its grace is over; 1 where there is no pair to keep. */
function mostSparsity(sequences: readonly Sequence[], grace: number): number {
  const pairsOf = (count: (length: number) => number): number =>
    sequences.reduce((sum, { tokens }) => sum + count(tokens.length), 0)
  const pairs = pairsOf(causalPairs)
  return pairs === 0 ? 1 : pairsOf((length) => causalPairs(Math.max(0, length - grace))) / pairs
}

function countTokens(sequences: readonly Sequence[]): number {
  return sequences.reduce((sum, { tokens }) => sum + tokens.length, 0)
}
