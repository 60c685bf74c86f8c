/** Checkpoints of seeded random weights for tests that look at no text: one layer that is soon done, many that take long. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gpt2Tensors } from '../src/data/gpt2-names.js'
import { initialTensors } from '../src/data/random-model.js'
import type { TensorBytes } from '../src/data/safetensors.js'
import { AS_GPT2, type Gpt2Config, HEAD_DIM } from '../src/engine/gpt2/config.js'
import { pythonRandom } from '../src/stats/python-random.js'
import { writeCheckpoint } from './data/tiny-checkpoint.js'

const BUNDLED = fileURLToPath(new URL('../models/asp-tiny/', import.meta.url))

/** As wide as the bundled model, so that both run the same kernels: some drivers take long to compile one. */
export const TINY = { width: 192, layers: 1, contextLength: 1024 }

/** Writes it with the bundled model's tokenizer; gives the folder. Its own threshold drops about half of a long text. */
export async function writeTinyModel(folder: string): Promise<string> {
  const config = configOf(TINY)
  const random = pythonRandom(1)
  const tensors = gpt2Tensors(config).map(({ name, shape }): [string, TensorBytes] => {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1))
    const scale = name.includes('_int') ? 0.2 : 0.1
    if (/ln_.\.weight$/.test(name)) values.fill(1)
    else if (!name.endsWith('bias'))
      values.forEach((_, i) => {
        values[i] = scale * (2 * random.random() - 1)
      })
    else if (name.endsWith('int_bias')) values.fill(2)
    return [name, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) }]
  })
  return writeWithTokenizer(folder, config, new Map(tensors))
}

/** One of which a batch of many tokens takes many seconds; gives the folder. */
export async function writeSlowModel(folder: string): Promise<string> {
  const config = configOf({ width: 512, layers: 6, contextLength: 1024 })
  const tensors = new Map<string, TensorBytes>()
  for (const [name, { shape, read }] of initialTensors(config, { seed: 1 }))
    tensors.set(name, { dtype: 'F32', shape, bytes: await read() })
  return writeWithTokenizer(folder, config, tensors)
}

function configOf({ width: C, layers: L, contextLength: P }: typeof TINY): Gpt2Config {
  return {
    vocabSize: 8192,
    nPositions: P,
    nEmbd: C,
    nLayer: L,
    nHead: C / HEAD_DIM,
    nInner: 4 * C,
    layerNormEpsilon: 1e-5,
    ...AS_GPT2,
    interaction: { dim: 64, propagateInDepth: false, grace: 0 },
  }
}

/** With the bundled model's tokenizer. */
export async function writeWithTokenizer(
  folder: string,
  { vocabSize, nPositions, nEmbd, nLayer, nHead, interaction }: Gpt2Config,
  tensors: ReadonlyMap<string, TensorBytes>,
): Promise<string> {
  await writeCheckpoint(folder, tensors, {
    model_type: 'gpt2',
    vocab_size: vocabSize,
    n_positions: nPositions,
    n_embd: nEmbd,
    n_layer: nLayer,
    n_head: nHead,
    bos_token_id: vocabSize - 1,
    eos_token_id: vocabSize - 1,
    int_n_embd: interaction?.dim,
    propagate_in_depth: interaction?.propagateInDepth,
  })
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    cpSync(join(BUNDLED, name), join(folder, name))
  return folder
}
