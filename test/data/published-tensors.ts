/** The tensors of published models under the names, in the order and in the layout in which their makers store them. */
import { sizeOf } from '../../src/data/safetensors.js'

export type Family = 'gpt2' | 'opt' | 'nanogpt' | 'llm.c'

/** A row of test/fixtures/published/configs.json. */
export interface Published {
  name: string
  family: Family
  /** Where the values were read: repository, file, commit. */
  source: string
  /** own: the makers' file; copied: a copy of it; saved again: written by transformers, which had loaded it; put together of several files. */
  how: 'own' | 'copied' | 'saved again' | 'put together'
  unusual: string
  config: Readonly<Record<string, unknown>>
}

/** Of a tensor, by its name in GPT-2's terms or OPT's own. */
export type Values = (name: string, count: number) => Float32Array<ArrayBuffer>

export interface Stored {
  name: string
  shape: readonly number[]
  bytes(values: Values): Uint8Array
}

interface Sizes {
  V: number
  P: number
  C: number
  L: number
  M: number
}

/** Weights and biases of one layer that both GPT-2 and llm.c have, matrices as [in, out]. */
const layerOf = ({ C, M }: Sizes): [string, number[]][] => [
  ['ln_1.weight', [C]],
  ['ln_1.bias', [C]],
  ['attn.c_attn.weight', [C, 3 * C]],
  ['attn.c_attn.bias', [3 * C]],
  ['attn.c_proj.weight', [C, C]],
  ['attn.c_proj.bias', [C]],
  ['ln_2.weight', [C]],
  ['ln_2.bias', [C]],
  ['mlp.c_fc.weight', [C, M]],
  ['mlp.c_fc.bias', [M]],
  ['mlp.c_proj.weight', [M, C]],
  ['mlp.c_proj.bias', [C]],
]

const count = ({ L }: Sizes) => Array.from({ length: L }, (_, l) => l)

export function storedTensors(family: Family, config: Published['config']): Stored[] {
  const number = (key: string) => Number(config[key])
  if (family === 'opt') {
    return optTensors({
      V: number('vocab_size'),
      P: number('max_position_embeddings'),
      C: number('hidden_size'),
      L: number('num_hidden_layers'),
      M: number('ffn_dim'),
    })
  }
  if (family === 'llm.c') return llmcTensors(config)
  const C = number('n_embd')
  const sizes: Sizes = {
    V: number('vocab_size'),
    P: number(family === 'nanogpt' ? 'block_size' : 'n_positions'),
    C,
    L: number('n_layer'),
    M: config.n_inner == null ? 4 * C : number('n_inner'),
  }
  return family === 'nanogpt' ? nanoGptTensors(sizes, config.bias === true) : gpt2Tensors(sizes)
}

/** As it is, under the name it has in the hash and the one it has in the file. */
function plain(made: string, name: string, shape: readonly number[]): Stored {
  return { name, shape, bytes: (values) => new Uint8Array(values(made, sizeOf(shape)).buffer) }
}

/** A matrix that is stored as [out, in]. */
function linear(made: string, name: string, shape: readonly number[]): Stored {
  const [rows, columns] = shape
  const bytes: Stored['bytes'] = (values) => {
    const from = values(made, rows * columns)
    const to = new Float32Array(from.length)
    for (let row = 0, at = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) to[column * rows + row] = from[at++]
    return new Uint8Array(to.buffer)
  }
  return { name, shape: [columns, rows], bytes }
}

function gpt2Tensors(sizes: Sizes): Stored[] {
  const { V, P, C } = sizes
  const all: [string, number[]][] = [
    ['wte.weight', [V, C]],
    ['wpe.weight', [P, C]],
    ...count(sizes).flatMap((l) =>
      layerOf(sizes).map(([name, shape]): [string, number[]] => [`h.${l}.${name}`, shape]),
    ),
    ['ln_f.weight', [C]],
    ['ln_f.bias', [C]],
  ]
  return all.map(([name, shape]) => plain(name, `transformer.${name}`, shape))
}

/** As torch.compile names them, and with the head, which is the token table once more. */
function nanoGptTensors(sizes: Sizes, hasBiases: boolean): Stored[] {
  const kept = gpt2Tensors(sizes).filter(({ name }) => hasBiases || !name.endsWith('bias'))
  const named = kept.map(({ name, shape }) => {
    const made = name.replace('transformer.', '')
    const isMatrix = /(c_attn|c_proj|c_fc)\.weight$/.test(name)
    return (isMatrix ? linear : plain)(made, `_orig_mod.${name}`, shape)
  })
  return [...named, plain('wte.weight', '_orig_mod.lm_head.weight', [sizes.V, sizes.C])]
}

/** Each kind for all layers at once. */
function llmcTensors(config: Published['config']): Stored[] {
  const C = Number(config.channels)
  const sizes: Sizes = {
    V: Number(config.vocab_size),
    P: Number(config.max_seq_len),
    C,
    L: Number(config.num_layers),
    M: 4 * C,
  }
  const padded: Stored = {
    name: 'wte.weight',
    shape: [Number(config.padded_vocab_size), C],
    bytes(values) {
      const rows = new Float32Array(sizeOf(this.shape))
      rows.set(values(this.name, sizes.V * C))
      return new Uint8Array(rows.buffer)
    },
  }
  const layers = layerOf(sizes).flatMap(([name, shape]) =>
    count(sizes).map((l) => (shape.length > 1 ? linear : plain)(`h.${l}.${name}`, `h.${l}.${name}`, shape)),
  )
  const norm = ['ln_f.weight', 'ln_f.bias'].map((name) => plain(name, name, [C]))
  return [padded, plain('wpe.weight', 'wpe.weight', [sizes.P, C]), ...layers, ...norm]
}

/** Two rows more in the position table, queries, keys and values apart, matrices as [out, in] in the hash as well. */
function optTensors({ V, P, C, L, M }: Sizes): Stored[] {
  const pair = (name: string, out: number, from?: number): [string, number[]][] => [
    [`${name}.weight`, from === undefined ? [out] : [out, from]],
    [`${name}.bias`, [out]],
  ]
  const layer = [
    ...['k_proj', 'v_proj', 'q_proj', 'out_proj'].flatMap((name) => pair(`self_attn.${name}`, C, C)),
    ...pair('self_attn_layer_norm', C),
    ...pair('fc1', M, C),
    ...pair('fc2', C, M),
    ...pair('final_layer_norm', C),
  ]
  const all: [string, number[]][] = [
    ['embed_tokens.weight', [V, C]],
    ['embed_positions.weight', [P + 2, C]],
    ...pair('final_layer_norm', C),
    ...Array.from({ length: L }, (_, l) =>
      layer.map(([name, shape]): [string, number[]] => [`layers.${l}.${name}`, shape]),
    ).flat(),
  ]
  return all.map(([name, shape]) => plain(name, `model.decoder.${name}`, shape))
}
