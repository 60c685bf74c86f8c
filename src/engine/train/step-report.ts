/** From what is read back of a step to its report. Pure. */
import { METHODS, type Method } from '../methods.js'
import { SUMS } from './sums.js'
import type { StepInputs, StepReport } from './types.js'

/** What a step's sums are made of. */
export interface Losses {
  method: Method | null
  distilled: boolean
}

/**
 * @param sums as SUMS has them
 * @param norm words of gradient-norm.wgsl
 * @param seconds device time of the step's submissions
 */
export function stepReport(
  { method, distilled }: Losses,
  { gamma, distill }: Pick<StepInputs, 'gamma' | 'distill'>,
  sums: Float32Array,
  [norm, , finite]: Float32Array,
  seconds: readonly (number | null)[],
): StepReport {
  const crossEntropy = sums[SUMS.crossEntropy]
  const divergence = distilled ? sums[SUMS.divergence] : null
  const layers = method === null ? null : Float64Array.from(sums.subarray(SUMS.layers))
  const mean = layers === null ? 0 : layers.reduce((sum, own) => sum + own, 0) / layers.length
  const text = divergence === null ? crossEntropy : (1 - distill) * crossEntropy + distill * divergence
  const fades = method === null || METHODS[method].fades
  const loss = fades ? text + gamma * mean : mean
  return {
    loss,
    crossEntropy,
    divergence,
    pairMeans: fades ? layers : null,
    gradientNorm: norm,
    finite: finite === 1 && Number.isFinite(loss),
    seconds: seconds.reduce<number | null>(
      (sum, own) => (sum === null || own === null ? null : sum + own),
      0,
    ),
  }
}
