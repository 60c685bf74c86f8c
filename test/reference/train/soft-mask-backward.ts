import { columnSums, productNN, productTN } from './products.js'
import type { SoftMaskRho } from './soft-mask.js'

/** What the loss adds to the gradient of each pair's log-mask: `weight` exp(C), on queries below `counted`. */
export interface SparsityWeight {
  weight: number
  counted: number
}

/**
 * Backward through the cumulative product (docs/method.md, Gradients): gX[m, j] = rho[m, j] T[m, j] with T[m, j] the sum over k >= m
 * of Hm[k, j] + weight exp(C[k, j]). What is gone has no gradient.
 * @param Hm (T, T): dS summed over heads, and over all later layers where a drop lasts in them
 * @returns (T, T): gradient of x, 0 where j >= m
 */
export function dropScoreGradientsReference(
  { own, rho }: SoftMaskRho,
  Hm: ArrayLike<number>,
  { weight, counted }: SparsityWeight,
  T: number,
): Float64Array {
  const gX = new Float64Array(T * T)
  for (let j = 0; j < T; j++) {
    let suffix = 0
    for (let m = T - 1; m > j; m--) {
      const left = Math.exp(own[m * T + j])
      if (left > 0) suffix += Hm[m * T + j]
      if (m < counted) suffix += weight * left
      gX[m * T + j] = suffix * rho[m * T + j]
    }
  }
  return gX
}

export interface InteractionGradients {
  /** (T, 2 r): of interaction queries, then keys. */
  dScores: Float64Array
  dBeta: number
}

/** From the gradient of x to its factors: dQi = gX Ki / sqrt(r), dKi = gX^T Qi / sqrt(r), dbeta = sum gX. */
export function interactionBackwardReference(
  gX: Float64Array,
  scores: ArrayLike<number>,
  [T, r]: readonly [T: number, r: number],
): InteractionGradients {
  const part = (at: number) =>
    Float64Array.from(
      { length: T * r },
      (_, i) => scores[Math.floor(i / r) * 2 * r + at * r + (i % r)] / Math.sqrt(r),
    )
  const [dQi, dKi] = [productNN(gX, part(1), [T, T, r]), productTN(gX, part(0), [T, T, r])]
  const dScores = new Float64Array(T * 2 * r)
  for (let t = 0; t < T; t++) {
    dScores.set(dQi.subarray(t * r, (t + 1) * r), t * 2 * r)
    dScores.set(dKi.subarray(t * r, (t + 1) * r), t * 2 * r + r)
  }
  return { dScores, dBeta: columnSums(gX, [T * T, 1])[0] }
}
