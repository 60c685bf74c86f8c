/** Plain-loop twin of sample.wgsl, in float64. */
import type { Sampling } from '../../src/engine/decode/types.js'

/** What a row of logits gives each token: 0 to those that top k or top p rule out. */
export function probabilitiesReference(
  logits: ArrayLike<number>,
  { temperature, topK, topP }: Sampling,
): Float64Array {
  const values = Array.from(logits)
  const top = Math.max(...values)
  const weights = values.map((value) => Math.exp((value - top) / temperature))
  const falling = values.map((_, token) => token).sort((a, b) => values[b] - values[a])
  const limited = topK > 0 && topK < values.length
  const kth = limited ? values[falling[topK - 1]] : Number.NEGATIVE_INFINITY
  const candidates = falling.filter((token) => values[token] >= kth)
  const goal = topP * total(candidates.map((token) => weights[token]))
  let least = kth
  for (let i = 0, mass = 0; topP < 1 && i < candidates.length && mass < goal; i++) {
    least = values[candidates[i]]
    mass += weights[candidates[i]]
  }
  const kept = weights.map((weight, token) => (values[token] >= least ? weight : 0))
  const all = total(kept)
  return Float64Array.from(kept, (weight) => weight / all)
}

/** logit / temperature + noise of each token; the largest of those kept is drawn. */
export function scoresReference(
  logits: ArrayLike<number>,
  { temperature, seed }: Sampling,
  position: number,
): Float64Array {
  return Float64Array.from(logits, (logit, token) => {
    const w = (hashReference(token, position, seed) + 0.5) / 2 ** 32
    return logit / temperature - Math.log(-Math.log1p(-w))
  })
}

/** First word of pcg3d, "Hash Functions for GPU Rendering" (Jarzynski & Olano 2020). */
export function hashReference(token: number, position: number, seed: number): number {
  let [x, y, z] = [token, position, seed].map((word) => (Math.imul(word, 1664525) + 1013904223) >>> 0)
  x = (x + Math.imul(y, z)) >>> 0
  y = (y + Math.imul(z, x)) >>> 0
  z = (z + Math.imul(x, y)) >>> 0
  ;[x, y, z] = [x, y, z].map((word) => (word ^ (word >>> 16)) >>> 0)
  return (x + Math.imul(y, z)) >>> 0
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
