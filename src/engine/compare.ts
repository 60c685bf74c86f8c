/** From the running sums of divergence.wgsl to how far one rule's predictions are from another's. Pure. */
import type { Batch } from './batch.js'

export interface Divergence {
  /** KL(base || other) of each target's row over the whole vocabulary, in nats, in the batch's order. */
  kl: Float64Array
  /** 1 where both have the same arg max in the target's row (the lowest token wins a tie). */
  agree: Uint8Array
}

/**
 * @param base (M, 4) states of logsumexp.wgsl under the base rule
 * @param other the same under the other
 * @param sums (M, 4) states of divergence.wgsl
 */
export function divergence(
  batch: Batch,
  base: Float32Array,
  other: Float32Array,
  sums: Float32Array,
): Divergence {
  const [baseTokens, otherTokens] = [base, other].map(
    (states) => new Uint32Array(states.buffer, states.byteOffset, states.length),
  )
  const targets = batch.targets.length / 2
  const kl = new Float64Array(targets)
  const agree = new Uint8Array(targets)
  for (let i = 0; i < targets; i++) {
    const row = batch.targets[2 * i]
    const mass = base[4 * row + 1]
    const logRatio = other[4 * row] - base[4 * row] + Math.log(other[4 * row + 1] / mass)
    kl[i] = sums[4 * row + 1] / mass + sums[4 * row + 2] + logRatio
    agree[i] = Number(baseTokens[4 * row + 2] === otherTokens[4 * row + 2])
  }
  return { kl, agree }
}
