export interface LayernormGradients {
  /** (M, C) */
  dx: Float64Array
  /** (C) */
  dGain: Float64Array
  /** (C) */
  dBias: Float64Array
}

/**
 * Plain-loop twin of layernorm-backward.wgsl. In the forward pass this was y = n * gain + bias with
 * n = (x - mean) / s, s = sqrt(variance + epsilon); with g = dy * gain,  dx = (g - mean(g) - n mean(g n)) / s.
 * @param dy (M, C)
 * @param x (M, C): what was normalised
 */
export function layernormBackwardReference(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  gain: ArrayLike<number>,
  epsilon: number,
): LayernormGradients {
  const C = gain.length
  const [dx, dGain, dBias] = [new Float64Array(x.length), new Float64Array(C), new Float64Array(C)]
  const normed = new Float64Array(C)
  for (let from = 0; from < x.length; from += C) {
    let mean = 0
    for (let c = 0; c < C; c++) mean += x[from + c] / C
    let variance = 0
    for (let c = 0; c < C; c++) variance += (x[from + c] - mean) ** 2 / C
    const s = Math.sqrt(variance + epsilon)
    let [meanG, meanGN] = [0, 0]
    for (let c = 0; c < C; c++) {
      normed[c] = (x[from + c] - mean) / s
      const g = dy[from + c] * gain[c]
      meanG += g / C
      meanGN += (g * normed[c]) / C
      dGain[c] += dy[from + c] * normed[c]
      dBias[c] += dy[from + c]
    }
    for (let c = 0; c < C; c++) dx[from + c] = (dy[from + c] * gain[c] - meanG - normed[c] * meanGN) / s
  }
  return { dx, dGain, dBias }
}
