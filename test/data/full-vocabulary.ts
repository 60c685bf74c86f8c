/** A model of llm.c's with GPT-2's whole vocabulary, one layer of 64 and seeded random weights in bfloat16: 7 MB. */
import { writeFile } from 'node:fs/promises'
import { initialTensors } from '../../src/data/random-model.js'
import { AS_GPT2, type Gpt2Config } from '../../src/engine/gpt2/config.js'
import { transposed } from './tiny-checkpoint.js'

const CONFIG: Gpt2Config = {
  vocabSize: 50_257,
  nPositions: 64,
  nEmbd: 64,
  nLayer: 1,
  nHead: 1,
  nInner: 256,
  layerNormEpsilon: 1e-5,
  ...AS_GPT2,
  interaction: null,
}
const PADDED = 50_304
const LINEAR = /(c_attn|c_proj|c_fc)\.weight$/

/** In the order of initialTensors, which is llm.c's too where there is one layer. */
export async function writeFullVocabulary(file: string): Promise<void> {
  const header = new Int32Array(256)
  const { nPositions, vocabSize, nLayer, nHead, nEmbd } = CONFIG
  header.set([20240326, 5, nPositions, vocabSize, nLayer, nHead, nEmbd, PADDED])
  const parts = [Buffer.from(header.buffer)]
  for (const [name, { shape, read }] of initialTensors(CONFIG, { seed: 1 })) {
    const bytes = await read()
    const stored = LINEAR.test(name) ? transposed({ dtype: 'F32', shape, bytes }).bytes : bytes
    parts.push(Buffer.from(stored.filter((_, i) => i % 4 >= 2)))
    if (name === 'wte.weight') parts.push(Buffer.alloc(2 * nEmbd * (PADDED - vocabSize)))
  }
  await writeFile(file, Buffer.concat(parts))
}
