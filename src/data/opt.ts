/**
 * OPT (Zhang et al. 2022, arXiv 2205.01068) in GPT-2's terms: the same pre-norm block, with queries, keys and values apart, matrices
 * stored [out, in], and a position table that begins with two rows nothing reads (transformers' OPTLearnedPositionalEmbedding).
 * Nothing is read here: tensors are described anew.
 */
import { Failure } from '../errors.js'
import { size } from './gpt2-config.js'
import type { JsonObject } from './json-file.js'
import { elementBytes } from './safetensors.js'
import type { LocatedTensor, LocatedTensors } from './weights/located.js'

/** Rows of the position table before that of the first token. */
const POSITION_OFFSET = 2

const HINT = 'asp runs the OPT models that have GPT-2’s block: facebook/opt-125m, 1.3b, 2.7b, 6.7b'

/** Keys that change the arithmetic, with the one value each that a GPT-2 has. An absent key means that value, as in OPTConfig. */
const FIXED: readonly { key: string; value: boolean; why: string }[] = [
  { key: 'do_layer_norm_before', value: true, why: 'norms after the sum, as in opt-350m' },
  { key: '_remove_final_layer_norm', value: false, why: 'no norm before the head' },
  { key: 'layer_norm_elementwise_affine', value: true, why: 'norms without weights' },
]

/** GPT-2's names of sizes, and OPT's. */
const SIZES: Readonly<Record<string, string>> = {
  vocab_size: 'vocab_size',
  n_positions: 'max_position_embeddings',
  n_embd: 'hidden_size',
  n_layer: 'num_hidden_layers',
  n_head: 'num_attention_heads',
  n_inner: 'ffn_dim',
}

/** Anything but an OPT stays as it is. */
export function inGpt2Terms(json: JsonObject, tensors: LocatedTensors, path: string) {
  if (json.model_type !== 'opt') return { json, tensors }
  return { json: gpt2ConfigOfOpt(json, path), tensors: gpt2TensorsOfOpt(tensors) }
}

/**
 * config.json of an OPT -> that of a GPT-2 which computes the same.
 * @throws Failure on what no GPT-2 computes
 */
function gpt2ConfigOfOpt(json: JsonObject, path: string): JsonObject {
  for (const { key, value, why } of FIXED) {
    if ((json[key] ?? value) === value) continue
    throw new Failure(`${path}: ${key} must be ${value}, got ${JSON.stringify(json[key])} (${why})`, {
      hint: HINT,
    })
  }
  const { hidden_size: C, word_embed_proj_dim: embedded } = json
  if ((embedded ?? C) !== C) {
    throw new Failure(`${path}: word_embed_proj_dim must be hidden_size, got ${JSON.stringify(embedded)}`, {
      hint: HINT,
    })
  }
  const sizes = Object.fromEntries(Object.entries(SIZES).map(([key, own]) => [key, size(json, own, path)]))
  const { bos_token_id, eos_token_id, pad_token_id, tie_word_embeddings } = json
  return {
    model_type: 'gpt2',
    activation_function: json.activation_function ?? 'relu',
    ...sizes,
    // OPT has no key for it; torch's default.
    layer_norm_epsilon: 1e-5,
    ...defined({ tie_word_embeddings, bos_token_id, eos_token_id, pad_token_id }),
  }
}

const defined = (json: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined && value !== null))

/** Names beside the queries, keys and values, which become one tensor. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^embed_tokens\.weight$/, 'wte.weight'],
  [/^final_layer_norm\./, 'ln_f.'],
  [/^layers\.(\d+)\.self_attn_layer_norm\./, 'h.$1.ln_1.'],
  [/^layers\.(\d+)\.self_attn\.out_proj\./, 'h.$1.attn.c_proj.'],
  [/^layers\.(\d+)\.final_layer_norm\./, 'h.$1.ln_2.'],
  [/^layers\.(\d+)\.fc1\./, 'h.$1.mlp.c_fc.'],
  [/^layers\.(\d+)\.fc2\./, 'h.$1.mlp.c_proj.'],
]

/** Prefix of a whole language model, of a bare OPTModel, or of its decoder. */
const PREFIX = /^((_orig_mod|module)\.)*(model\.)?(decoder\.)?/
const QUERIES = /^layers\.(?<layer>\d+)\.self_attn\.q_proj\.(?<kind>weight|bias)$/
const KEYS_AND_VALUES = /^layers\.\d+\.self_attn\.[kv]_proj\.(weight|bias)$/

/**
 * @throws Failure where keys or values to some queries are missing or of another shape, and on a position table that is too short
 */
function gpt2TensorsOfOpt(stored: LocatedTensors): LocatedTensors {
  const byName = new Map([...stored].map(([name, tensor]) => [name.replace(PREFIX, ''), tensor]))
  const tensors: LocatedTensors = new Map()
  for (const [name, tensor] of byName) {
    const queries = QUERIES.exec(name)?.groups
    if (queries !== undefined) {
      const parts = ['q', 'k', 'v'].map((part) => {
        const other = name.replace('q_proj', `${part}_proj`)
        return expectAlike(byName.get(other), other, tensor)
      })
      tensors.set(`h.${queries.layer}.attn.c_attn.${queries.kind}`, stacked(parts))
    } else if (name === 'embed_positions.weight')
      tensors.set('wpe.weight', withoutRows(tensor, POSITION_OFFSET))
    else if (!KEYS_AND_VALUES.test(name)) tensors.set(canonical(name), tensor)
  }
  return tensors
}

function canonical(name: string): string {
  const known = NAMES.find(([pattern]) => pattern.test(name))
  return known === undefined ? name : name.replace(...known)
}

function expectAlike(tensor: LocatedTensor | undefined, name: string, queries: LocatedTensor): LocatedTensor {
  const { file, shape, dtype } = queries
  const got = tensor && `${tensor.dtype} [${tensor.shape}]`
  const expected = `${dtype} [${shape}]`
  if (tensor !== undefined && got === expected) return tensor
  throw new Failure(`${file}: tensor ${name} must be ${expected} as q_proj is, got ${got ?? 'none'}`, {
    hint: 'config.json and the weights must come from the same checkpoint',
  })
}

/** Tensors one below the other. */
function stacked(parts: readonly LocatedTensor[]): LocatedTensor {
  const [{ dtype, shape, byteLength, file }] = parts
  const [rows, ...rest] = shape
  return {
    dtype,
    shape: [parts.length * rows, ...rest],
    byteLength: parts.length * byteLength,
    file,
    offset: null,
    read: async () => {
      const bytes = new Uint8Array(parts.length * byteLength)
      for (const [i, part] of parts.entries()) bytes.set(await part.read(), i * byteLength)
      return bytes
    },
  }
}

function withoutRows(tensor: LocatedTensor, count: number): LocatedTensor {
  const { dtype, shape, file } = tensor
  const [rows, width] = shape
  if (shape.length !== 2 || rows <= count) {
    throw new Failure(`${file}: the position table must have more than ${count} rows, got shape [${shape}]`, {
      hint: 'config.json and the weights must come from the same checkpoint',
    })
  }
  const skipped = count * width * elementBytes(dtype)
  return {
    ...tensor,
    shape: [rows - count, width],
    byteLength: tensor.byteLength - skipped,
    offset: null,
    read: async () => (await tensor.read()).slice(skipped),
  }
}
