/** lm-eval's bootstrap standard error: fixed chunks of 1000 replicates, each with its own seed (docs/lm-eval.md, Standard errors). */
import { sampleDeviation } from './basics.js'
import { pythonRandom } from './python-random.js'

export const BOOTSTRAP_ITERATIONS = 100_000
const CHUNK = 1000

/** What is computed of a resample's mean, by a name that a worker thread can be told. */
export const STATISTICS = { exp_of_minus: (mean: number) => Math.exp(-mean) } satisfies Record<
  string,
  (mean: number) => number
>

export type StatisticName = keyof typeof STATISTICS

/**
 * Replicates of chunk `seed`: each resamples `values` with replacement and applies `ofMean` to the resample's mean.
 * Chunks are independent, so they may be computed anywhere and joined in order.
 */
export function bootstrapChunk(
  values: ArrayLike<number>,
  statistic: StatisticName,
  seed: number,
  replicates: number,
): Float64Array {
  const { random } = pythonRandom(seed)
  const ofMean = STATISTICS[statistic]
  const n = values.length
  return Float64Array.from({ length: replicates }, () => {
    let total = 0
    for (let i = 0; i < n; i++) total += values[Math.floor(random() * n)]
    return ofMean(total / n)
  })
}

export interface ChunkPlan {
  /** Replicates of a chunk. */
  size: number
  /** Chunks; chunk i is seeded with i. */
  chunks: number
}

/** The remainder of `iterations` over whole chunks is not drawn. */
export function planChunks(iterations: number): ChunkPlan {
  const size = Math.min(CHUNK, iterations)
  return { size, chunks: Math.floor(iterations / size) }
}

/** Sample standard deviation of all replicates. */
export function bootstrapStandardError(
  values: ArrayLike<number>,
  statistic: StatisticName,
  iterations: number,
): number {
  const { size, chunks } = planChunks(iterations)
  const replicates = new Float64Array(chunks * size)
  for (let seed = 0; seed < chunks; seed++)
    replicates.set(bootstrapChunk(values, statistic, seed, size), seed * size)
  return sampleDeviation(replicates)
}
