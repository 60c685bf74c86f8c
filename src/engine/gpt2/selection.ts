/**
 * Queries and keys of the first head once more, by the weights it attends with: their scores select (docs/method.md, Selective attention).
 * As drop decisions follow from them, they keep the precision that they are stored in whatever `--dtype` says.
 */
import type { TensorSource } from '../tensor-source.js'
import { type Gpt2Config, hasBias, headDim } from './config.js'
import { readAs, readF32, required } from './read-tensor.js'

export interface SelectionWeights {
  label: string
  /** (C, 2 D), f32 or the bits of halves. */
  values: Float32Array | Uint16Array
  /** (2 D) */
  bias: Float32Array
}

export async function selectionWeights(
  tensors: TensorSource,
  config: Gpt2Config,
  layer: number,
): Promise<SelectionWeights> {
  const { nEmbd: C } = config
  const D = headDim(config)
  const name = `h.${layer}.attn.c_attn`
  const kept = required(tensors, `${name}.weight`).dtype === 'F16' ? 'f16' : 'f32'
  const rows = await readAs(tensors, `${name}.weight`, kept)
  const values = kept === 'f16' ? new Uint16Array(2 * D * C) : new Float32Array(2 * D * C)
  for (let c = 0; c < C; c++) {
    for (const [part, from] of [0, C].entries()) {
      values.set(rows.subarray(c * 3 * C + from, c * 3 * C + from + D), (2 * c + part) * D)
    }
  }
  const bias = new Float32Array(2 * D)
  if (hasBias(config, `${name}.bias`)) {
    const whole = await readF32(tensors, `${name}.bias`)
    bias.set(whole.subarray(0, D))
    bias.set(whole.subarray(C, C + D), D)
  }
  return { label: `${name} of the first head`, values, bias }
}
