/** Plain-loop twin of matmul-*.wgsl, in float64. */
import type { Activation } from '../../src/engine/activation.js'
import { ACTIVATION_REFERENCES } from './activations.js'

export interface MatmulOptions {
  activation?: Activation
  /** (M, N): what the result is added to. */
  residual?: Float32Array
}

/** f(a (M, K) @ weights (K, N) + bias (N)) + residual, row-major. */
export function matmulReference(
  a: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  [M, K, N]: readonly [number, number, number],
  { activation = 'none', residual }: MatmulOptions = {},
): Float64Array {
  const { value } = ACTIVATION_REFERENCES[activation]
  const out = new Float64Array(M * N)
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = bias[n]
      for (let k = 0; k < K; k++) sum += a[m * K + k] * weights[k * N + n]
      out[m * N + n] = value(sum) + (residual?.[m * N + n] ?? 0)
    }
  }
  return out
}
