export interface RowProbabilities {
  /** (T, T): P[k, j], 0 where j > k or the key is gone. */
  P: Float64Array
  /** (T): log sum exp of each row's scores. */
  logsumexp: Float64Array
}

/**
 * Plain-loop twin of softmax-rows.wgsl: one head's attention probabilities, P[k] = softmax_j(S[k, j] + mask[k, j]) over
 * j <= k.
 * @param S (T, T): q k^T / sqrt(d); what lies above the diagonal is not read
 * @param mask (T, T): log of what is left of each key, 0 on the diagonal, minus infinity where it is gone
 */
export function softmaxRowsReference(
  S: ArrayLike<number>,
  mask: ArrayLike<number>,
  T: number,
): RowProbabilities {
  const [P, logsumexp] = [new Float64Array(T * T), new Float64Array(T)]
  for (let k = 0; k < T; k++) {
    let top = Number.NEGATIVE_INFINITY
    for (let j = 0; j <= k; j++) top = Math.max(top, S[k * T + j] + mask[k * T + j])
    let mass = 0
    for (let j = 0; j <= k; j++) mass += Math.exp(S[k * T + j] + mask[k * T + j] - top)
    logsumexp[k] = top + Math.log(mass)
    for (let j = 0; j <= k; j++) P[k * T + j] = Math.exp(S[k * T + j] + mask[k * T + j] - logsumexp[k])
  }
  return { P, logsumexp }
}
