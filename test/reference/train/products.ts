/**
 * Plain-loop twins of the matrix products of the backward pass, in float64, row-major: a letter a factor, N as it lies
 * and T transposed. M and N are rows and columns of the result, K is summed over.
 */
export type ProductSizes = readonly [M: number, K: number, N: number]

/** c (M, N) = a (M, K) b (K, N). */
export function productNN(a: ArrayLike<number>, b: ArrayLike<number>, [M, K, N]: ProductSizes): Float64Array {
  const c = new Float64Array(M * N)
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      const factor = a[m * K + k]
      for (let n = 0; n < N; n++) c[m * N + n] += factor * b[k * N + n]
    }
  }
  return c
}

/** c (M, N) = a (M, K) b^T of b (N, K): an input's gradient from its output's, with the weights as they are stored. */
export function productNT(a: ArrayLike<number>, b: ArrayLike<number>, [M, K, N]: ProductSizes): Float64Array {
  const c = new Float64Array(M * N)
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0
      for (let k = 0; k < K; k++) sum += a[m * K + k] * b[n * K + k]
      c[m * N + n] = sum
    }
  }
  return c
}

/** c (M, N) = a^T b of a (K, M) and b (K, N): a weight's gradient, summed over the K rows of the batch. */
export function productTN(a: ArrayLike<number>, b: ArrayLike<number>, [M, K, N]: ProductSizes): Float64Array {
  const c = new Float64Array(M * N)
  for (let k = 0; k < K; k++) {
    for (let m = 0; m < M; m++) {
      const factor = a[k * M + m]
      for (let n = 0; n < N; n++) c[m * N + n] += factor * b[k * N + n]
    }
  }
  return c
}

/** (N) sums of x (M, N) over its rows: a bias's gradient. */
export function columnSums(x: ArrayLike<number>, [M, N]: readonly [M: number, N: number]): Float64Array {
  const sums = new Float64Array(N)
  for (let m = 0; m < M; m++) for (let n = 0; n < N; n++) sums[n] += x[m * N + n]
  return sums
}
