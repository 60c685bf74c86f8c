import { logsumexpReference } from './logsumexp.js'

/** Plain-loop twin of divergence.wgsl over whole rows of logits: KL(softmax(base) || softmax(other)) in nats. */
export function divergenceReference(base: ArrayLike<number>, other: ArrayLike<number>): number {
  const [fromBase, fromOther] = [logsumexpReference(base).logsumexp, logsumexpReference(other).logsumexp]
  let sum = 0
  for (let v = 0; v < base.length; v++) {
    const log = base[v] - fromBase
    sum += Math.exp(log) * (log - (other[v] - fromOther))
  }
  return sum
}
