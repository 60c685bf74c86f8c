/** Plain twins of activation.wgsl, in float64: every activation function of the MLP and its slope. */
import type { Activation } from '../../src/engine/activation.js'

export interface ActivationReference {
  value(x: number): number
  slope(x: number): number
}

const ROOT = Math.sqrt(2 / Math.PI)
const inner = (x: number): number => Math.tanh(ROOT * (x + 0.044715 * x ** 3))
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
const below = (x: number): number => (1 + erfReference(x / Math.SQRT2)) / 2
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** x sigmoid(rate x) */
function gate(rate: number): ActivationReference {
  return {
    value: (x) => x * sigmoid(rate * x),
    slope: (x) => sigmoid(rate * x) * (1 + rate * x * (1 - sigmoid(rate * x))),
  }
}

export const ACTIVATION_REFERENCES: Readonly<Record<Activation, ActivationReference>> = {
  none: { value: (x) => x, slope: () => 1 },
  'gelu-tanh': {
    value: (x) => 0.5 * x * (1 + inner(x)),
    slope: (x) => {
      const t = inner(x)
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * ROOT * (1 + 3 * 0.044715 * x ** 2)
    },
  },
  'gelu-erf': { value: (x) => x * below(x), slope: (x) => below(x) + x * density(x) },
  'gelu-sigmoid': gate(1.702),
  relu: { value: (x) => Math.max(0, x), slope: (x) => Number(x > 0) },
  silu: gate(1),
}

/** By its series up to 3, beyond that by the continued fraction of 1 - erf; to 1e-15. */
export function erfReference(x: number): number {
  const z = Math.abs(x)
  if (z > 6) return Math.sign(x)
  if (z > 3) {
    let fraction = 0
    for (let k = 60; k > 0; k--) fraction = k / 2 / (z + fraction)
    return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction))
  }
  let term = x
  let sum = x
  for (let k = 1; k < 100; k++) {
    term *= (-x * x) / k
    sum += term / (2 * k + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}
