/** lm-eval's bootstrap standard error: fixed chunks of 1000 replicates, each with its own seed (eval.md section 8). */
import { sampleDeviation } from '../stats.js'
import { pythonRandom } from './python-random.js'

export const BOOTSTRAP_ITERATIONS = 100_000
const CHUNK = 1000

/**
 * Replicates of chunk `seed`: each resamples `values` with replacement and applies `ofMean` to the resample's mean.
 * Chunks are independent, so they may be computed anywhere and joined in order.
 */
export function bootstrapChunk(
  values: readonly number[],
  ofMean: (mean: number) => number,
  seed: number,
  replicates: number,
): Float64Array {
  const { random } = pythonRandom(seed)
  const n = values.length
  return Float64Array.from({ length: replicates }, () => {
    let total = 0
    for (let i = 0; i < n; i++) total += values[Math.floor(random() * n)]
    return ofMean(total / n)
  })
}

/** Sample standard deviation of all replicates; the remainder of `iterations` over whole chunks is not drawn. */
export function bootstrapStandardError(
  values: readonly number[],
  ofMean: (mean: number) => number,
  iterations: number,
): number {
  const size = Math.min(CHUNK, iterations)
  const chunks = Math.floor(iterations / size)
  const replicates = new Float64Array(chunks * size)
  for (let seed = 0; seed < chunks; seed++)
    replicates.set(bootstrapChunk(values, ofMean, seed, size), seed * size)
  return sampleDeviation(replicates)
}
