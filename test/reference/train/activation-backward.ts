/** Plain-loop twin of product-to-activation-gradient.wgsl without the product: from outputs' gradients to inputs'. */
import type { Activation } from '../../../src/engine/activation.js'
import { ACTIVATION_REFERENCES } from '../activations.js'

/**
 * @param dy gradient of the output, as long as `x`
 * @param x what the function was taken of
 */
export function activationBackwardReference(
  activation: Activation,
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
): Float64Array {
  const { slope } = ACTIVATION_REFERENCES[activation]
  return Float64Array.from({ length: x.length }, (_, i) => dy[i] * slope(x[i]))
}
