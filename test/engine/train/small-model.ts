/** GPT-2 models of a few hundred parameters, with tokens and shifts, for what is too slow on the golden one. */
import { gpt2Tensors } from '../../../src/data/gpt2-names.js'
import { AS_GPT2, type Gpt2Config } from '../../../src/engine/gpt2/config.js'
import type { TensorSource } from '../../../src/engine/tensor-source.js'
import { seededFloats } from '../../reference/floats.js'

export const SMALL: Gpt2Config = {
  vocabSize: 7,
  nPositions: 9,
  nEmbd: 8,
  nLayer: 2,
  nHead: 2,
  nInner: 12,
  layerNormEpsilon: 1e-3,
  ...AS_GPT2,
  interaction: { dim: 3, propagateInDepth: false, grace: 0 },
}

/** (B, T) of SMALL, shorter than its context. */
export const [B, T] = [2, 8]

export const tokensOf = (seed: number): Uint32Array =>
  Uint32Array.from(seededFloats(seed)(B * T), (value) => Math.floor((value + 0.5) * SMALL.vocabSize))

/**
 * Every parameter random in [-1, 1), gains around 1; interaction weights times `spread`, so that drop scores lie within a
 * band or mostly outside it, and their bias is `beta`.
 */
export function randomWeights(
  config: Gpt2Config,
  { seed, spread, beta }: { seed: number; spread: number; beta: number },
): Map<string, Float64Array> {
  const floats = seededFloats(seed)
  return new Map(
    gpt2Tensors(config).map(({ name, shape }) => {
      const values = Float64Array.from(floats(shape.reduce((product, extent) => product * extent, 1)))
      if (/ln_\w\.weight$/.test(name)) return [name, values.map((value) => 1 + value)]
      if (/[qk]_int/.test(name)) return [name, values.map((value) => 2 * spread * value)]
      return [name, /int_bias/.test(name) ? values.fill(beta) : values.map((value) => 2 * value)]
    }),
  )
}

/** As a checkpoint would hold them. */
export const tensorsOf = (weights: ReadonlyMap<string, Float64Array>): TensorSource =>
  new Map(
    [...weights].map(([name, values]) => [
      name,
      { dtype: 'F32', shape: [], read: async () => new Uint8Array(Float32Array.from(values).buffer) },
    ]),
  )
