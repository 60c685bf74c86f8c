/**
 * Plain-loop twin of the attention kernels: o[k] = sum_j softmax_j(scale q[k] . k[j]) v[j] over j <= k < t_j.
 * @param qkv (rows, 3 C), H heads side by side in each third
 * @param deaths (keys): one sequence after another
 * @param masks [sequence][query n + key]: added to scores
 */
export function attentionReference(
  qkv: ArrayLike<number>,
  sequences: readonly (readonly number[])[],
  deaths: ArrayLike<number>,
  {
    C,
    H,
    masks,
    scale = 1 / Math.sqrt(C / H),
  }: { C: number; H: number; masks?: readonly ArrayLike<number>[]; scale?: number },
): Float64Array {
  const d = C / H
  const out = new Float64Array((qkv.length / (3 * C)) * C)
  let base = 0
  for (const [sequence, rows] of sequences.entries()) {
    const weights = new Float64Array(rows.length)
    for (let k = 0; k < rows.length; k++) {
      for (let h = 0; h < H; h++) {
        const query = rows[k] * 3 * C + h * d
        let top = Number.NEGATIVE_INFINITY
        for (let j = 0; j <= k; j++) {
          const key = rows[j] * 3 * C + C + h * d
          let dot = 0
          for (let c = 0; c < d; c++) dot += qkv[query + c] * qkv[key + c]
          const mask = masks?.[sequence][k * rows.length + j] ?? 0
          weights[j] = k < deaths[base + j] ? scale * dot + mask : Number.NEGATIVE_INFINITY
          top = Math.max(top, weights[j])
        }
        let mass = 0
        for (let j = 0; j <= k; j++) {
          weights[j] = Math.exp(weights[j] - top)
          mass += weights[j]
        }
        const to = rows[k] * C + h * d
        out.fill(0, to, to + d)
        for (let j = 0; j <= k; j++) {
          const value = rows[j] * 3 * C + 2 * C + h * d
          for (let c = 0; c < d; c++) out[to + c] += (weights[j] / mass) * qkv[value + c]
        }
      }
    }
    base += rows.length
  }
  return out
}
