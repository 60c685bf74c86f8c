/** Plain-loop twin of embedding.wgsl: tokens (N, 2) of token, position -> (N, C). */
export function embeddingReference(
  tokens: Uint32Array,
  wte: ArrayLike<number>,
  wpe: ArrayLike<number>,
  C: number,
): Float64Array {
  const N = tokens.length / 2
  const out = new Float64Array(N * C)
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) out[n * C + c] = wte[tokens[2 * n] * C + c] + wpe[tokens[2 * n + 1] * C + c]
  }
  return out
}
