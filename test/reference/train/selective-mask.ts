/** Plain-loop twins of selective-mask-train.wgsl and selective-mask-backward.wgsl (docs/method.md, Selective attention), of one sequence. */
import { learnablePairs, type SoftMaskRho } from './soft-mask.js'
import type { SparsityWeight } from './soft-mask-backward.js'

/**
 * mask[k, j] = -F[k, j]: minus the positive scores that the queries after key j and before query k had for it.
 * @param z (T, T): the first head's scores, scaled, without masks; what lies above the diagonal is not read
 * @returns rho: -1 where a score selects, else 0
 */
export function selectiveMaskReference(z: ArrayLike<number>, T: number): SoftMaskRho {
  const [own, rho] = [new Float64Array(T * T), new Float64Array(T * T)]
  for (let k = 0; k < T; k++) {
    for (let j = 1; j < k; j++) {
      for (let m = j + 1; m < k; m++) own[k * T + j] -= Math.max(0, z[m * T + j])
      rho[k * T + j] = z[k * T + j] > 0 ? -1 : 0
    }
  }
  return { own, rho }
}

/** Mean of max(0, 1 - F[k, j]) over the pairs that learn: j < k < `counted`. */
export function keptMeanReference(own: ArrayLike<number>, T: number, counted: number): number {
  let sum = 0
  for (let k = 0; k < counted; k++) for (let j = 0; j < k; j++) sum += Math.max(0, 1 + own[k * T + j])
  return sum / learnablePairs(counted)
}

/**
 * gz[m, j] = rho[m, j] times the sum over k > m of Hm[k, j] and, where F[k, j] < 1, the weight.
 * @param Hm (T, T): dS summed over heads
 * @returns (T, T): gradient of z, 0 where j >= m
 */
export function selectionGradientsReference(
  { own, rho }: SoftMaskRho,
  Hm: ArrayLike<number>,
  { weight, counted }: SparsityWeight,
  T: number,
): Float64Array {
  const gz = new Float64Array(T * T)
  for (let j = 0; j < T; j++) {
    for (let m = j + 1; m < T; m++) {
      let sum = 0
      for (let k = m + 1; k < T; k++) {
        sum += Hm[k * T + j] + (k < counted && own[k * T + j] > -1 ? weight : 0)
      }
      gz[m * T + j] = rho[m * T + j] === 0 ? 0 : rho[m * T + j] * sum
    }
  }
  return gz
}
