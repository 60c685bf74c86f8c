/**
 * A GPT-2 made by hand that does one thing: it writes what followed the last time it saw the token it is at (an induction head,
 * Olsson et al. 2209.11895). Its answers are known, with and without any key, so that recall can be tested without training.
 *
 * The residual stream (192) is three blocks of 64: a code of the token, a code of the position, a code of the token before.
 * Layer 0 looks one position back and writes that token's code into the third block; layer 1 looks for the position whose third
 * block is the current token's code, and adds its first block to the current one.
 */
import { gpt2Tensors } from '../src/data/gpt2-names.js'
import type { TensorBytes } from '../src/data/safetensors.js'
import { AS_GPT2, type Gpt2Config, HEAD_DIM } from '../src/engine/gpt2/config.js'
import { pythonRandom } from '../src/stats/python-random.js'
import { writeWithTokenizer } from './tiny-model.js'

const D = HEAD_DIM
const C = 3 * D
const CONFIG: Gpt2Config = {
  vocabSize: 8192,
  nPositions: 1024,
  nEmbd: C,
  nLayer: 2,
  nHead: 3,
  nInner: 4 * C,
  layerNormEpsilon: 1e-5,
  ...AS_GPT2,
  interaction: null,
}

/** Sharpness of both attentions, weight of what is copied, and of the logits. */
const [SHARP, COPIED, CLEAR] = [10, 3, 0.2]

const BLOCK = { token: 0, position: D, before: 2 * D }

/** Writes it with the bundled model's tokenizer; gives the folder. */
export async function writeCopierModel(folder: string): Promise<string> {
  const random = pythonRandom(7)
  // A shift of position is a rotation of each pair of its code.
  const frequencies = Array.from({ length: D / 2 }, () => 0.05 + 3 * random.random())
  const values = new Map<string, Float32Array>()
  const tensors = gpt2Tensors(CONFIG).map(({ name, shape }): [string, TensorBytes] => {
    const own = new Float32Array(shape.reduce((product, extent) => product * extent, 1))
    if (/ln_.\.weight$/.test(name)) own.fill(name.includes('ln_f') ? CLEAR : 1)
    values.set(name, own)
    return [name, { dtype: 'F32', shape, bytes: new Uint8Array(own.buffer) }]
  })
  const tensor = (ending: string): Float32Array => {
    const found = [...values].find(([name]) => name.endsWith(ending))
    if (found === undefined) throw new Error(`no tensor ${ending}`)
    return found[1]
  }
  const [tokens, positions] = [tensor('wte.weight'), tensor('wpe.weight')]
  for (let v = 0; v < CONFIG.vocabSize; v++)
    for (let i = 0; i < D; i++) tokens[v * C + i] = random.random() < 0.5 ? -1 : 1
  for (let p = 0; p < CONFIG.nPositions; p++) {
    frequencies.forEach((w, i) => {
      positions[p * C + BLOCK.position + 2 * i] = Math.SQRT2 * Math.cos(w * p)
      positions[p * C + BLOCK.position + 2 * i + 1] = Math.SQRT2 * Math.sin(w * p)
    })
  }
  const [first, second] = ['h.0.', 'h.1.'].map((layer) => {
    return { qkv: tensor(`${layer}attn.c_attn.weight`), out: tensor(`${layer}attn.c_proj.weight`) }
  })
  frequencies.forEach((w, i) => {
    const [cos, sin] = [SHARP * Math.cos(w), SHARP * Math.sin(w)]
    const [a, b] = [BLOCK.position + 2 * i, BLOCK.position + 2 * i + 1]
    // Turned back by one position.
    set(first.qkv, [a, 2 * i], cos)
    set(first.qkv, [b, 2 * i], sin)
    set(first.qkv, [a, 2 * i + 1], -sin)
    set(first.qkv, [b, 2 * i + 1], cos)
  })
  for (let i = 0; i < D; i++) {
    set(first.qkv, [BLOCK.position + i, C + i], 1)
    set(first.qkv, [BLOCK.token + i, 2 * C + i], 1)
    first.out[i * C + BLOCK.before + i] = Math.sqrt((2 * D) / C)
    set(second.qkv, [BLOCK.token + i, i], SHARP)
    set(second.qkv, [BLOCK.before + i, C + i], 1)
    set(second.qkv, [BLOCK.token + i, 2 * C + i], 1)
    second.out[i * C + BLOCK.token + i] = COPIED
  }
  return writeWithTokenizer(folder, CONFIG, new Map(tensors))
}

/** Of a weight (C, 3 C): queries, keys and values of three heads beside one another; head 0 comes first in each. */
function set(weight: Float32Array, [from, to]: [number, number], value: number): void {
  weight[from * 3 * C + to] = value
}
