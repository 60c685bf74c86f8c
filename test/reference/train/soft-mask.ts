import { alphaSigmoid, alphaSigmoidRho } from '../alpha-sigmoid.js'

/** Below this p a factor learns nothing more; for alpha > 2 such a p is 0 already. */
export const LEARNS_ABOVE = 1e-12

export interface SoftMaskRho {
  /** (T, T): the layer's own log-mask C[k, j]; 0 where j >= k, minus infinity from the first factor on that is 0. */
  own: Float64Array
  /** (T, T): rho[k, j] = d log p / dx; 0 where j >= k and where p is saturated. */
  rho: Float64Array
}

/**
 * Plain-loop twin of soft-mask-train.wgsl (docs/method.md, Log-mask): x[k, j] = dot(Qi[k], Ki[j]) / sqrt(r) + beta, p = asig(x),
 * C[k, j] = sum over m = j+1+grace..k of log p[m, j], of one sequence.
 * @param scores (T, 2 r): interaction queries, then interaction keys
 * @param beta the layer's bias and the sequence's shift together
 */
export function softMaskRhoReference(
  scores: ArrayLike<number>,
  { T, r, beta, alpha, grace = 0 }: { T: number; r: number; beta: number; alpha: number; grace?: number },
): SoftMaskRho {
  const [own, rho] = [new Float64Array(T * T), new Float64Array(T * T)]
  for (let j = 0; j < T; j++) {
    for (let k = j + 1 + grace; k < T; k++) {
      let dot = 0
      for (let c = 0; c < r; c++) dot += scores[k * 2 * r + c] * scores[j * 2 * r + r + c]
      const factor = alphaSigmoid(dot / Math.sqrt(r) + beta, alpha)
      own[k * T + j] = own[(k - 1) * T + j] + factor.logP
      if (factor.p >= LEARNS_ABOVE) rho[k * T + j] = alphaSigmoidRho(factor, alpha)
    }
  }
  return { own, rho }
}

/** Mean of exp(C[k, j]) over the pairs that learn: j < k < `counted` (docs/method.md, Objective). */
export function pairMeanReference(own: ArrayLike<number>, T: number, counted: number): number {
  let sum = 0
  for (let k = 0; k < counted; k++) for (let j = 0; j < k; j++) sum += Math.exp(own[k * T + j])
  return sum / learnablePairs(counted)
}

/** Pairs of a query and an earlier key among the first `counted` rows; the last row of a sequence predicts nothing. */
export const learnablePairs = (counted: number): number => (counted * (counted - 1)) / 2
