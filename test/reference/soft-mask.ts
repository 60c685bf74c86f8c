import { alphaSigmoid } from './alpha-sigmoid.js'

export interface SoftMask {
  /** [sequence][query n + key]: log of what is left of a key for a query; 0 where key >= query. */
  masks: Float64Array[]
  /** (keys): sum over the later queries of what is left of a key, one sequence after another. */
  keeps: Float64Array
}

/**
 * Plain-loop twin of soft-mask.wgsl, from the definition (docs/method.md, Log-mask): the log of
 * asig(x[j+1+grace,j]) ... asig(x[k,j]) with x[k,j] = dot(Qi[k], Ki[j]) / sqrt(r) + beta.
 * @param scores (rows, 2 r)
 * @param earlier masks of the layer before, when what a layer leaves is what later ones start from
 */
export function softMaskReference(
  scores: ArrayLike<number>,
  sequences: readonly (readonly number[])[],
  {
    r,
    beta,
    alpha,
    grace = 0,
    earlier,
  }: { r: number; beta: number; alpha: number; grace?: number; earlier?: readonly Float64Array[] },
): SoftMask {
  const keeps: number[] = []
  const masks = sequences.map((rows, sequence) => {
    const n = rows.length
    const mask = new Float64Array(n * n)
    for (let j = 0; j < n; j++) {
      let [own, kept] = [0, 0]
      for (let k = j + 1; k < n; k++) {
        let dot = 0
        for (let c = 0; c < r; c++) dot += scores[rows[k] * 2 * r + c] * scores[rows[j] * 2 * r + r + c]
        if (k > j + grace) own += alphaSigmoid(dot / Math.sqrt(r) + beta, alpha).logP
        mask[k * n + j] = own + (earlier?.[sequence][k * n + j] ?? 0)
        kept += Math.exp(mask[k * n + j])
      }
      keeps.push(kept)
    }
    return mask
  })
  return { masks, keeps: Float64Array.from(keeps) }
}
