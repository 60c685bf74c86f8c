/** Floating-point operations of training, as its products count them; what is done element by element is left out. Pure. */
import { type Gpt2Config, headDim } from '../gpt2/config.js'
import { METHODS, type Method } from '../methods.js'

/**
 * Operations per token of a step, forward and backward, with T tokens a sequence: every matrix is multiplied three times; attention
 * has two products there and five back, half of each square below the diagonal; drop scores one and two. Gates that learn to predict
 * attention need the forward pass alone; what a gate itself costs is left out.
 */
export function stepFlops(config: Gpt2Config, T: number, { method }: { method: Method | null }): number {
  const { nEmbd: C, nInner: F, nLayer: L, vocabSize: V } = config
  if (method !== null && !METHODS[method].fades) {
    return 2 * (L * (4 * C * C + 2 * C * F) + V * C) + L * T * 2 * C
  }
  const r = method === 'adaptive' ? (config.interaction?.dim ?? 0) : 0
  // Selective attention scores keys by the first head once more, with the weights it has.
  const scored = method === 'selective' ? headDim(config) : r
  const weights = L * (4 * C * C + 2 * C * F + 2 * r * C) + V * C
  return 6 * weights + L * T * (7 * C + 3 * scored)
}
