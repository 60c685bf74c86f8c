import { logsumexpReference } from '../logsumexp.js'

/** The target of a row that predicts nothing. */
export const NO_TARGET = 0xffffffff

export interface LanguageLoss {
  /** Nats, summed over the rows that predict. */
  crossEntropy: number
  /** KL(teacher || student) in nats, summed likewise; 0 without a teacher. */
  divergence: number
  /** (M, V): gradient of (1 - distill) crossEntropy + distill divergence, times `scale`. */
  dLogits: Float64Array
}

/**
 * Plain-loop twin of cross-entropy-backward.wgsl: softmax minus what it should be, which is the target alone or, in part,
 * the teacher's softmax.
 * @param logits (M, V)
 * @param targets (M): token ids, or NO_TARGET
 * @param scale usually one over the number of predicted tokens
 * @param teacher (M, V): another model's logits
 */
export function crossEntropyBackwardReference(
  logits: Float64Array,
  targets: ArrayLike<number>,
  { V, scale, distill = 0, teacher }: { V: number; scale: number; distill?: number; teacher?: Float64Array },
): LanguageLoss {
  if (distill > 0 && teacher === undefined) throw new Error('no teacher to learn from')
  const dLogits = new Float64Array(logits.length)
  let [crossEntropy, divergence] = [0, 0]
  for (let m = 0; m < targets.length; m++) {
    if (targets[m] === NO_TARGET) continue
    const row = logits.subarray(m * V, (m + 1) * V)
    const { logsumexp } = logsumexpReference(row)
    crossEntropy += logsumexp - row[targets[m]]
    for (let v = 0; v < V; v++) dLogits[m * V + v] = scale * Math.exp(row[v] - logsumexp)
    dLogits[m * V + targets[m]] -= scale * (1 - distill)
    if (teacher === undefined) continue
    const other = teacher.subarray(m * V, (m + 1) * V)
    const base = logsumexpReference(other).logsumexp
    for (let v = 0; v < V; v++) {
      const q = Math.exp(other[v] - base)
      divergence += q * (other[v] - base - (row[v] - logsumexp))
      dLogits[m * V + v] -= scale * distill * q
    }
  }
  return { crossEntropy, divergence, dLogits }
}
