/** Writes the model as GGUF version 3, architecture gpt2: matrices and token table f16, everything else f32. */
import { f32ToF16 } from '../../../src/engine/half.js'
import { type Model, modelFile, type PlacedTensor, readTensor, writeOnce } from '../model.js'

const ALIGNMENT = 32
const VALUE = { u32: 4, f32: 6, string: 8, array: 9, i32: 5 } as const
const TENSOR = { f32: 0, f16: 1 } as const
const TOKEN_NORMAL = 1
const TOKEN_CONTROL = 3

/** llama.cpp's name for each tensor, or for each tensor of a layer. */
const NAMES: Record<string, string> = {
  'wte.weight': 'token_embd.weight',
  'wpe.weight': 'position_embd.weight',
  'ln_f.weight': 'output_norm.weight',
  'ln_f.bias': 'output_norm.bias',
}
const LAYER_NAMES: Record<string, string> = {
  ln_1: 'attn_norm',
  'attn.c_attn': 'attn_qkv',
  'attn.c_proj': 'attn_output',
  ln_2: 'ffn_norm',
  'mlp.c_fc': 'ffn_up',
  'mlp.c_proj': 'ffn_down',
}

/** Writes the file unless it is there, and gives its path. */
export async function writeGguf(model: Model): Promise<string> {
  const tensors = model.tensors.flatMap((tensor) => {
    const name = llamaName(tensor.name)
    return name === null ? [] : [{ name, tensor, half: isHalf(tensor) }]
  })
  let offset = 0
  const infos = tensors.map(({ name, tensor: { shape, size }, half }) => {
    // Innermost dimension first; Conv1D weights turn from [in, out] to rows of `out`, and so keep the order
    const dims = isConv(name, shape) ? shape : shape.toReversed()
    const info = [
      text(name),
      u32(dims.length),
      ...dims.map(u64),
      u32(half ? TENSOR.f16 : TENSOR.f32),
      u64(offset),
    ]
    offset = aligned(offset + size * (half ? 2 : 4))
    return Buffer.concat(info)
  })
  const metadata = metadataOf(model)
  const count = metadata.length
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(count),
    ...metadata,
    ...infos,
  ])
  const start = aligned(head.length)
  const file = modelFile(model.name, 'gguf')
  await writeOnce(file, start + offset, async function* () {
    yield head
    yield Buffer.alloc(start - head.length)
    for (const { name, tensor, half } of tensors) {
      const stored = await readTensor(model, tensor)
      const values = isConv(name, tensor.shape) ? transposed(stored, tensor.shape) : stored
      const data = half ? halves(values) : values
      yield Buffer.from(data.buffer)
      yield Buffer.alloc(aligned(data.byteLength) - data.byteLength)
    }
  })
  return file
}

function llamaName(name: string): string | null {
  const layer = /^h\.(\d+)\.(.+)\.(weight|bias)$/.exec(name)
  if (layer === null) return NAMES[name] ?? null
  const part = LAYER_NAMES[layer[2]]
  return part === undefined ? null : `blk.${layer[1]}.${part}.${layer[3]}`
}

const isHalf = ({ name, shape }: PlacedTensor): boolean => shape.length === 2 && name !== 'wpe.weight'
const isConv = (name: string, shape: readonly number[]): boolean =>
  name.startsWith('blk.') && shape.length === 2

/** (rows, columns) -> (columns, rows). */
function transposed(values: Float32Array, [rows, columns]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]
  return out
}

function halves(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) out[i] = f32ToF16(values[i])
  return out
}

/** Hyperparameters and a byte-level vocabulary of the right size, whose tokens nobody reads. */
function metadataOf({ config }: Model): Buffer[] {
  const { vocabSize: V, nPositions, nEmbd, nLayer, nHead, nInner, layerNormEpsilon } = config
  const tokens = Array.from({ length: V }, (_, token) => `t${token}`)
  const types = tokens.map((_, token) => (token === V - 1 ? TOKEN_CONTROL : TOKEN_NORMAL))
  const word = (key: string, value: number) => Buffer.concat([text(key), u32(VALUE.u32), u32(value)])
  const string = (key: string, value: string) => Buffer.concat([text(key), u32(VALUE.string), text(value)])
  const array = (key: string, type: number, items: Buffer[]) =>
    Buffer.concat([text(key), u32(VALUE.array), u32(type), u64(items.length), ...items])
  const epsilon = Buffer.from(Float32Array.of(layerNormEpsilon).buffer)
  return [
    string('general.architecture', 'gpt2'),
    string('general.name', 'random GPT-2'),
    word('general.alignment', ALIGNMENT),
    word('general.file_type', 1),
    word('gpt2.context_length', nPositions),
    word('gpt2.embedding_length', nEmbd),
    word('gpt2.feed_forward_length', nInner),
    word('gpt2.block_count', nLayer),
    word('gpt2.attention.head_count', nHead),
    Buffer.concat([text('gpt2.attention.layer_norm_epsilon'), u32(VALUE.f32), epsilon]),
    string('tokenizer.ggml.model', 'gpt2'),
    string('tokenizer.ggml.pre', 'gpt-2'),
    array('tokenizer.ggml.tokens', VALUE.string, tokens.map(text)),
    array('tokenizer.ggml.token_type', VALUE.i32, types.map(u32)),
    array('tokenizer.ggml.merges', VALUE.string, [text('t 0')]),
    word('tokenizer.ggml.bos_token_id', V - 1),
    word('tokenizer.ggml.eos_token_id', V - 1),
  ]
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}
