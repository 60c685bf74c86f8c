import type { TensorSource } from '../../src/engine/tensor-source.js'

/** Every tensor of an F32 checkpoint by canonical name. */
export async function readWeights(tensors: TensorSource): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>()
  for (const [name, tensor] of tensors) {
    if (tensor.dtype !== 'F32') throw new Error(`${name} is ${tensor.dtype}`)
    weights.set(name, new Float32Array(new Uint8Array(await tensor.read()).buffer))
  }
  return weights
}
