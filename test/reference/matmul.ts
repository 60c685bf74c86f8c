/** Plain-loop twin of matmul-*.wgsl, in float64. */
export interface MatmulOptions {
  gelu?: boolean
  /** (M, N): what the result is added to. */
  residual?: Float32Array
}

/** f(a (M, K) @ weights (K, N) + bias (N)) + residual, row-major. */
export function matmulReference(
  a: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  [M, K, N]: readonly [number, number, number],
  { gelu = false, residual }: MatmulOptions = {},
): Float64Array {
  const out = new Float64Array(M * N)
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = bias[n]
      for (let k = 0; k < K; k++) sum += a[m * K + k] * weights[k * N + n]
      const value = gelu ? geluReference(sum) : sum
      out[m * N + n] = value + (residual?.[m * N + n] ?? 0)
    }
  }
  return out
}

/** GELU in GPT-2's tanh form (gelu_new). */
export function geluReference(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
}
