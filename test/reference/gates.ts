/** Plain-loop twins of what gates decide and learn (docs/method.md, Gates), in float64. */

export type Gate = { method: 'kvzap'; window: number } | { method: 'trimkv' }

/** log sigmoid(x) */
export const logSigmoid = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))

const LOG_FADED = Math.log(0.01)

/**
 * (n) t_j in a sequence of n tokens, n or more where key j outlives it, and how near the nearest score is to another decision:
 * of kvzap as a score, of trimkv as a share of the age, of deaths in the sequence.
 * @param x (n) scores, biases and shift among them
 */
export function gateDeathsReference(gate: Gate, x: ArrayLike<number>): { deaths: number[]; margin: number } {
  let margin = Number.POSITIVE_INFINITY
  const deaths = Array.from(x, (score, j) => {
    if (gate.method === 'kvzap') {
      margin = Math.min(margin, Math.abs(score))
      return score > 0 ? Number.POSITIVE_INFINITY : j + gate.window
    }
    // The first later query at which less than a hundredth is left.
    let k = j + 1
    while (k < j + 5000 && (k - j) * logSigmoid(score) >= LOG_FADED) k++
    const age = LOG_FADED / logSigmoid(score)
    if (age < x.length + 1) margin = Math.min(margin, Math.abs(age - Math.round(age)) / age)
    return k < j + 5000 ? k : Number.POSITIVE_INFINITY
  })
  return { deaths, margin }
}

/** (T, T): what fades of key j until query k; 0 where j >= k. */
export function decayMaskReference(x: ArrayLike<number>): Float64Array {
  const T = x.length
  return Float64Array.from({ length: T * T }, (_, i) => {
    const [k, j] = [Math.floor(i / T), i % T]
    return k > j ? (k - j) * logSigmoid(x[j]) : 0
  })
}

/**
 * (T): gradient of x.
 * @param total (T, T): of the log-masks
 * @param weight what the loss adds to each pair's exp(mask), on queries below T - 1
 */
export function decayGradientReference(
  x: ArrayLike<number>,
  total: ArrayLike<number>,
  weight: number,
): Float64Array {
  const T = x.length
  const mask = decayMaskReference(x)
  return Float64Array.from({ length: T }, (_, j) => {
    let sum = 0
    for (let k = j + 1; k < T; k++) {
      const at = k * T + j
      sum += (k - j) * (total[at] + (k <= T - 2 ? weight * Math.exp(mask[at]) : 0))
    }
    return sum / (1 + Math.exp(x[j]))
  })
}

/** (T): the most of (T, T) weights that a key gets from queries `window` or more later; 0 where there is none. */
export function peaksReference(weights: ArrayLike<number>, T: number, window: number): Float64Array {
  return Float64Array.from({ length: T }, (_, j) => {
    let most = 0
    for (let k = j + window; k < T; k++) most = Math.max(most, weights[k * T + j])
    return most
  })
}
