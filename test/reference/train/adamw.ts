import type { OptimiserOptions } from '../../../src/engine/train/types.js'

/** A parameter with what AdamW remembers of it; all as long as each other. */
export interface Moments {
  values: Float64Array
  first: Float64Array
  second: Float64Array
}

/**
 * Plain-loop twin of adamw.wgsl, in place: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, both divided by what they would
 * be of ones, then w -= rate (m / (sqrt(v) + epsilon) + decay w).
 * @param step steps taken before this one
 * @param scale of the gradient, from clipping
 * @param decay 0 for what is not decayed
 */
export function adamwReference(
  { values, first, second }: Moments,
  gradient: ArrayLike<number>,
  { beta1, beta2, epsilon }: Pick<OptimiserOptions, 'beta1' | 'beta2' | 'epsilon'>,
  { step, rate, scale = 1, decay = 0 }: { step: number; rate: number; scale?: number; decay?: number },
): void {
  for (let i = 0; i < values.length; i++) {
    const g = scale * gradient[i]
    first[i] = beta1 * first[i] + (1 - beta1) * g
    second[i] = beta2 * second[i] + (1 - beta2) * g * g
    const m = first[i] / (1 - beta1 ** (step + 1))
    const v = second[i] / (1 - beta2 ** (step + 1))
    values[i] -= rate * (m / (Math.sqrt(v) + epsilon) + decay * values[i])
  }
}

/** Euclidean norm of all gradients together: the twin of squares.wgsl. */
export function gradientNormReference(gradients: Iterable<ArrayLike<number>>): number {
  let sum = 0
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) sum += gradient[i] ** 2
  return Math.sqrt(sum)
}

/** What all gradients are multiplied by so that their norm is at most `clip`. */
export const clipScale = (norm: number, clip: number | null): number =>
  clip === null || norm <= clip ? 1 : clip / norm
