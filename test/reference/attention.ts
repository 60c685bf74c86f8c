/**
 * Plain-loop twin of the attention kernels: o[k] = sum_j softmax_j(q[k] . k[j] / sqrt(d)) v[j] over j <= k < t_j.
 * @param qkv (rows, 3 C), H heads side by side in each third
 * @param deaths (keys): one sequence after another
 */
export function attentionReference(
  qkv: ArrayLike<number>,
  sequences: readonly (readonly number[])[],
  deaths: ArrayLike<number>,
  { C, H }: { C: number; H: number },
): Float64Array {
  const d = C / H
  const out = new Float64Array((qkv.length / (3 * C)) * C)
  let base = 0
  for (const rows of sequences) {
    for (let k = 0; k < rows.length; k++) {
      for (let h = 0; h < H; h++) {
        const query = rows[k] * 3 * C + h * d
        const visible = rows.slice(0, k + 1).flatMap((row, j) => (k < deaths[base + j] ? [row] : []))
        const logits = visible.map((row) => {
          let dot = 0
          for (let c = 0; c < d; c++) dot += qkv[query + c] * qkv[row * 3 * C + C + h * d + c]
          return dot / Math.sqrt(d)
        })
        const top = Math.max(...logits)
        const weights = logits.map((x) => Math.exp(x - top))
        const mass = weights.reduce((sum, w) => sum + w, 0)
        for (let c = 0; c < d; c++) {
          let sum = 0
          visible.forEach((row, i) => {
            sum += weights[i] * qkv[row * 3 * C + 2 * C + h * d + c]
          })
          out[rows[k] * C + h * d + c] = sum / mass
        }
      }
    }
    base += rows.length
  }
  return out
}
