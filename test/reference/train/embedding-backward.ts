/**
 * Plain-loop twin of embedding-backward.wgsl: each row's gradient is added to its token's row of `dWte` and to its
 * position's row of `dWpe`.
 * @param dx (N, C)
 * @param tokens (N, 2) of token, position
 */
export function embeddingBackwardReference(
  dx: ArrayLike<number>,
  tokens: ArrayLike<number>,
  { dWte, dWpe, C }: { dWte: Float64Array; dWpe: Float64Array; C: number },
): void {
  for (let n = 0; n < tokens.length / 2; n++) {
    for (let c = 0; c < C; c++) {
      dWte[tokens[2 * n] * C + c] += dx[n * C + c]
      dWpe[tokens[2 * n + 1] * C + c] += dx[n * C + c]
    }
  }
}
