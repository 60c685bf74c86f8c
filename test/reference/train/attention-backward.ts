import { productNN, productNT, productTN } from './products.js'

/** One head of one sequence, as its forward pass left it; (T, d) each but P. */
export interface AttentionHead {
  q: Float64Array
  k: Float64Array
  v: Float64Array
  /** O = P V. */
  o: Float64Array
  /** (T, T) */
  P: Float64Array
}

export interface HeadGradients {
  dQ: Float64Array
  dK: Float64Array
  dV: Float64Array
}

/**
 * dS = P (dP - D) with dP = dO V^T and D[k] = sum_c dO[k, c] O[k, c]: the gradient of what softmax was taken of, and so of
 * the log-mask too (docs/method.md, Gradients).
 * @returns (T, T)
 */
export function scoreGradientsReference(
  { v, o, P }: Pick<AttentionHead, 'v' | 'o' | 'P'>,
  dO: Float64Array,
  [T, d]: readonly [T: number, d: number],
): Float64Array {
  const dS = productNT(dO, v, [T, d, T])
  for (let k = 0; k < T; k++) {
    let D = 0
    for (let c = 0; c < d; c++) D += dO[k * d + c] * o[k * d + c]
    for (let j = 0; j < T; j++) dS[k * T + j] = P[k * T + j] * (dS[k * T + j] - D)
  }
  return dS
}

/**
 * Backward through one head, where S = scale Q K^T + mask. `Hm` (T, T), which the heads of a layer share, gets dS added.
 * @param dO (T, d)
 */
export function attentionBackwardReference(
  head: AttentionHead,
  dO: Float64Array,
  [T, d]: readonly [T: number, d: number],
  Hm: Float64Array,
  scale = 1 / Math.sqrt(d),
): HeadGradients {
  const dS = scoreGradientsReference(head, dO, [T, d])
  for (let i = 0; i < dS.length; i++) Hm[i] += dS[i]
  return {
    dQ: productNN(dS, head.k, [T, T, d]).map((value) => scale * value),
    dK: productTN(dS, head.q, [T, T, d]).map((value) => scale * value),
    dV: productTN(head.P, dO, [T, T, d]),
  }
}
