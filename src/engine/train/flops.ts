/** Floating-point operations of training, as its products count them; what is done element by element is left out. Pure. */
import { type Gpt2Config, headDim } from '../gpt2/config.js'
import { METHODS, type Method } from '../methods.js'

export interface StepWork {
  method: Method | null
  /** A dense model reads the same tokens, to learn from. */
  distilled: boolean
}

/**
 * Operations per token of a step, forward and backward, with T tokens a sequence: every matrix is multiplied three times; attention
 * has two products there and five back, half of each square below the diagonal; drop scores one and two. A teacher only goes forward.
 * Gates that learn to predict attention need the forward pass alone; what a gate itself costs is left out.
 */
export function stepFlops(config: Gpt2Config, T: number, { method, distilled }: StepWork): number {
  const { nEmbd: C, nInner: F, nLayer: L, vocabSize: V } = config
  const dense = L * (4 * C * C + 2 * C * F) + V * C
  const forward = 2 * dense + L * T * 2 * C
  if (method !== null && !METHODS[method].fades) return forward
  const r = method === 'adaptive' ? (config.interaction?.dim ?? 0) : 0
  // Selective attention scores keys by the first head once more, with the weights it has.
  const scored = method === 'selective' ? headDim(config) : r
  const weights = dense + L * 2 * r * C
  return 6 * weights + L * T * (7 * C + 3 * scored) + (distilled ? forward : 0)
}
