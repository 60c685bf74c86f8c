/**
 * Made test/fixtures/golden/micro/forward.safetensors, once, from the golden run's file: of the soft runs' n x n matrices
 * of what is left of keys, only the mean over the causal pairs of each layer and sequence is kept.
 *
 *     node --import tsx scripts/trim-golden.ts <forward.safetensors> test/fixtures/golden/micro/forward.safetensors
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { decodeSafetensors, encodeSafetensors, type TensorBytes } from '../src/data/safetensors.js'

const KEPT = [/^input_ids$/, /\.logits$/, /^alpha_inf\./]
const SOFT = /^alpha_[\d.]+\.I$/

/** (layers, sequences, queries, keys) -> (layers, sequences). */
function pairMeans({ shape: [L, B, n], bytes }: TensorBytes): TensorBytes {
  const left = new Float32Array(new Uint8Array(bytes).buffer)
  const means = Float32Array.from({ length: L * B }, (_, matrix) => {
    let sum = 0
    for (let k = 0; k < n; k++) for (let j = 0; j < k; j++) sum += left[(matrix * n + k) * n + j]
    return sum / ((n * (n - 1)) / 2)
  })
  return { dtype: 'F32', shape: [L, B], bytes: new Uint8Array(means.buffer) }
}

const [from, to] = process.argv.slice(2)
const tensors = [...decodeSafetensors(readFileSync(from))]
const kept = tensors.filter(([name]) => KEPT.some((pattern) => pattern.test(name)))
const means = tensors
  .filter(([name]) => SOFT.test(name))
  .map(([name, tensor]) => [name.replace(/I$/, 'keep'), pairMeans(tensor)] as const)
writeFileSync(to, encodeSafetensors(new Map([...kept, ...means])))
