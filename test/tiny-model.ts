/** A checkpoint for tests that score or write much and look at no text: one layer of seeded random weights. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gpt2Tensors } from '../src/data/gpt2-names.js'
import { HEAD_DIM } from '../src/engine/gpt2/config.js'
import type { TensorBytes } from '../src/engine/safetensors.js'
import { pythonRandom } from '../src/eval/python-random.js'
import { writeCheckpoint } from './data/tiny-checkpoint.js'

const BUNDLED = fileURLToPath(new URL('../models/asp-tiny/', import.meta.url))

/** As wide as the bundled model, so that both run the same kernels: some drivers take long to compile one. */
export const TINY = { width: 192, layers: 1, contextLength: 1024 }

/** Writes it with the bundled model's tokenizer; gives the folder. Its own threshold drops about half of a long text. */
export async function writeTinyModel(folder: string): Promise<string> {
  const { width: C, layers: L, contextLength: P } = TINY
  const random = pythonRandom(1)
  const interaction = { dim: 64, propagateInDepth: false }
  const sizes = { vocabSize: 8192, nPositions: P, nEmbd: C, nLayer: L, nHead: C / HEAD_DIM, nInner: 4 * C }
  const tensors = gpt2Tensors({ ...sizes, layerNormEpsilon: 1e-5, interaction }).map(
    ({ name, shape }): [string, TensorBytes] => {
      const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1))
      const scale = name.includes('_int') ? 0.2 : 0.1
      if (/ln_.\.weight$/.test(name)) values.fill(1)
      else if (!name.endsWith('bias'))
        values.forEach((_, i) => {
          values[i] = scale * (2 * random.random() - 1)
        })
      else if (name.endsWith('int_bias')) values.fill(2)
      return [name, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) }]
    },
  )
  await writeCheckpoint(folder, new Map(tensors), {
    model_type: 'gpt2',
    vocab_size: sizes.vocabSize,
    n_positions: P,
    n_embd: C,
    n_layer: L,
    n_head: C / HEAD_DIM,
    bos_token_id: 8191,
    eos_token_id: 8191,
    int_n_embd: interaction.dim,
    propagate_in_depth: false,
  })
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    cpSync(join(BUNDLED, name), join(folder, name))
  return folder
}
