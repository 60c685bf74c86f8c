/** Plain-loop twin of layernorm.wgsl: row m of (M, C) comes from row rows[m] of x. */
export function layernormReference(
  x: ArrayLike<number>,
  rows: ArrayLike<number>,
  gain: ArrayLike<number>,
  bias: ArrayLike<number>,
  epsilon: number,
): Float64Array {
  const C = gain.length
  const out = new Float64Array(rows.length * C)
  for (let m = 0; m < rows.length; m++) {
    const from = rows[m] * C
    let mean = 0
    for (let c = 0; c < C; c++) mean += x[from + c] / C
    let variance = 0
    for (let c = 0; c < C; c++) variance += (x[from + c] - mean) ** 2 / C
    for (let c = 0; c < C; c++) {
      out[m * C + c] = ((x[from + c] - mean) / Math.sqrt(variance + epsilon)) * gain[c] + bias[c]
    }
  }
  return out
}
