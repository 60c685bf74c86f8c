/** From what is read back of a step to its report. Pure. */
import { SUMS } from './sums.js'
import type { StepInputs, StepReport } from './types.js'

/** What a step's sums are made of. */
export interface Losses {
  adaptive: boolean
  distilled: boolean
}

/**
 * @param sums as SUMS has them
 * @param norm words of gradient-norm.wgsl
 * @param seconds device time of the step's submissions
 */
export function stepReport(
  { adaptive, distilled }: Losses,
  { gamma, distill }: Pick<StepInputs, 'gamma' | 'distill'>,
  sums: Float32Array,
  [norm, , finite]: Float32Array,
  seconds: readonly (number | null)[],
): StepReport {
  const crossEntropy = sums[SUMS.crossEntropy]
  const divergence = distilled ? sums[SUMS.divergence] : null
  const pairMeans = adaptive ? Float64Array.from(sums.subarray(SUMS.pairs)) : null
  const mean = pairMeans === null ? 0 : pairMeans.reduce((sum, own) => sum + own, 0) / pairMeans.length
  const text = divergence === null ? crossEntropy : (1 - distill) * crossEntropy + distill * divergence
  const loss = text + gamma * mean
  return {
    loss,
    crossEntropy,
    divergence,
    pairMeans,
    gradientNorm: norm,
    finite: finite === 1 && Number.isFinite(loss),
    seconds: seconds.reduce<number | null>(
      (sum, own) => (sum === null || own === null ? null : sum + own),
      0,
    ),
  }
}
