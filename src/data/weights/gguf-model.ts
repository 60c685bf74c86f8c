/** A GPT-2 in a GGUF file: llama.cpp's names and keys in the terms of Hugging Face, and quantized blocks as the floats they stand for. */
import { Failure } from '../../errors.js'
import type { JsonObject } from '../json-file.js'
import { elementBytes, type SafetensorsDtype, sizeOf } from '../safetensors.js'
import { definitionOf } from '../tokenizer/vocab-and-merges.js'
import { type Gguf, type GgufTensor, readGguf } from './gguf.js'
import { type LocatedTensor, type LocatedTensors, located, shown } from './located.js'
import { BLOCK, q8Bytes, readQ8 } from './q8.js'

/** ggml's numbers of the types that are stored as they are read. */
const PLAIN: ReadonlyMap<number, SafetensorsDtype> = new Map([
  [0, 'F32'],
  [1, 'F16'],
  [30, 'BF16'],
])
const Q8_0 = 8
const OTHER_TYPES: Readonly<Record<number, string>> = {
  2: 'Q4_0',
  3: 'Q4_1',
  6: 'Q5_0',
  7: 'Q5_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
}

/** gguf-py/gguf/tensor_mapping.py of llama.cpp. */
const NAMES: Readonly<Record<string, string>> = {
  token_embd: 'wte',
  position_embd: 'wpe',
  output_norm: 'ln_f',
  output: 'lm_head',
  attn_norm: 'ln_1',
  attn_qkv: 'attn.c_attn',
  attn_output: 'attn.c_proj',
  ffn_norm: 'ln_2',
  ffn_up: 'mlp.c_fc',
  ffn_down: 'mlp.c_proj',
}

/** In config.json, and as llama.cpp has it. */
const SIZES = {
  n_positions: 'context_length',
  n_embd: 'embedding_length',
  n_layer: 'block_count',
  n_head: 'attention.head_count',
  n_inner: 'feed_forward_length',
  layer_norm_epsilon: 'attention.layer_norm_epsilon',
}

export interface GgufModel {
  tensors: LocatedTensors
  config: JsonObject
  /** tokenizer.json's object; null where the file has none that asp knows. */
  tokenizer: JsonObject | null
  /** Of the tokenizer: the texts of `bos_token` and `eos_token`. */
  settings: JsonObject
}

/** @throws Failure on another architecture, and on types of tensors that asp does not read */
export async function openGguf(file: string): Promise<GgufModel> {
  const gguf = await readGguf(file)
  const architecture = gguf.values.get('general.architecture')
  if (architecture !== 'gpt2') {
    throw new Failure(
      `${file}: general.architecture must be "gpt2", got ${JSON.stringify(text(architecture))}`,
      {
        hint: 'asp runs GPT-2 checkpoints only',
      },
    )
  }
  const tensors: LocatedTensors = new Map()
  for (const [name, tensor] of gguf.tensors) {
    const [, layer, part, kind] = /^(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ?? []
    const known = Object.hasOwn(NAMES, part ?? '') ? `${NAMES[part]}.${kind}` : name
    tensors.set(layer === undefined ? known : `h.${layer}.${known}`, locate(name, tensor, gguf, file))
  }
  const sizes = Object.entries(SIZES).flatMap(([key, from]) => {
    const value = gguf.values.get(`gpt2.${from}`)
    return value === undefined ? [] : [[key, typeof value === 'bigint' ? Number(value) : text(value)]]
  })
  return {
    tensors,
    config: {
      model_type: 'gpt2',
      activation_function: 'gelu_new',
      vocab_size: tensors.get('wte.weight')?.shape[0] ?? null,
      ...Object.fromEntries(sizes),
    },
    ...tokenizerOf(gguf),
  }
}

function locate(
  name: string,
  { shape, type, offset }: GgufTensor,
  { fileBytes }: Gguf,
  file: string,
): LocatedTensor {
  const size = sizeOf(shape)
  const dtype = PLAIN.get(type)
  const subject = `${file}: tensor ${shown(name)}`
  if (dtype === undefined && type !== Q8_0) {
    throw new Failure(
      `${subject}: must be F32, F16, BF16 or Q8_0, got ${OTHER_TYPES[type] ?? `type ${type}`}`,
      {
        hint: 'convert the model with --outtype f16 or q8_0',
      },
    )
  }
  const row = shape[shape.length - 1] ?? 1
  if (dtype === undefined && row % BLOCK !== 0) {
    throw new Failure(`${subject}: rows of Q8_0 must be a multiple of ${BLOCK} long, got ${row}`, {
      hint: 'download or convert the file again',
    })
  }
  const stored = dtype === undefined ? q8Bytes(size) : size * elementBytes(dtype)
  if (!(offset + stored <= fileBytes)) {
    throw new Failure(`${subject}: must end within the file's ${fileBytes} bytes, got ${offset + stored}`, {
      hint: 'download or convert the file again',
    })
  }
  if (dtype !== undefined) return located(file, { dtype, shape, byteLength: stored, offset })
  return {
    dtype: 'F32',
    shape,
    byteLength: 4 * size,
    file,
    offset: null,
    stored: { dtype: 'Q8_0', bytes: stored },
    read: () => readQ8(file, offset, stored),
  }
}

/** The words of `tokenizer.ggml.model` "gpt2" are cut as GPT-2's are where `pre` says so. */
function tokenizerOf({ values }: Gguf): Pick<GgufModel, 'tokenizer' | 'settings'> {
  const [model, pre, tokens, merges] = ['model', 'pre', 'tokens', 'merges'].map((key) =>
    values.get(`tokenizer.ggml.${key}`),
  )
  const isGpt2 = model === 'gpt2' && (pre === undefined || pre === 'gpt-2' || pre === 'default')
  if (!isGpt2 || !isTexts(tokens) || !isTexts(merges)) return { tokenizer: null, settings: {} }
  const token = (role: string): string | undefined =>
    tokens[Number(values.get(`tokenizer.ggml.${role}_token_id`))]
  return {
    tokenizer: definitionOf(Object.fromEntries(tokens.map((one, id) => [one, id])), merges),
    settings: { bos_token: token('bos'), eos_token: token('eos') },
  }
}

const isTexts = (value: unknown): value is string[] => Array.isArray(value)

/** Lists go by their kind in messages. */
const text = (value: unknown): unknown => (typeof value === 'object' && value !== null ? 'a list' : value)
