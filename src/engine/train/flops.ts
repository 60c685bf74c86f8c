/** Floating-point operations of training, as its products count them; what is done element by element is left out. Pure. */
import type { Gpt2Config } from '../gpt2/config.js'

/**
 * Operations per token of a step, forward and backward, with T tokens a sequence: every matrix is multiplied three times; attention
 * has two products there and five back, half of each square below the diagonal; drop scores one and two.
 */
export function stepFlops(config: Gpt2Config, T: number, { adaptive }: { adaptive: boolean }): number {
  const { nEmbd: C, nInner: F, nLayer: L, vocabSize: V } = config
  const r = adaptive ? (config.interaction?.dim ?? 0) : 0
  const weights = L * (4 * C * C + 2 * C * F + 2 * r * C) + V * C
  return 6 * weights + L * T * (7 * C + 3 * r)
}
