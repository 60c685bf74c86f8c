/**
 * A checkpoint of any kind as a Hugging Face folder: config.json, model.safetensors and the tokenizer, under the names and in the layout
 * that transformers has. Weights keep their type unless another is asked for, and are copied one tensor at a time.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type StoredDtype, type StoredTensor, UNTIED_HEAD } from '../engine/tensor-source.js'
import { EXIT, Failure } from '../errors.js'
import type { Checkpoint } from './checkpoint.js'
import { writeFailure, writeFolder, writeParts, writeText } from './durable-files.js'
import { gpt2Tensors, TOKEN_TABLE } from './gpt2-names.js'
import type { JsonObject } from './json-file.js'
import { inDtype } from './retype.js'
import { elementBytes, encodeHeader, sizeOf } from './safetensors.js'
import { tokenizerFiles } from './tokenizer/published.js'
import { loadTokenizer } from './tokenizer.js'

export interface Published {
  folder: string
  /** Of model.safetensors. */
  bytes: number
  sha256: string
  /** In the order in which they were written. */
  files: string[]
}

export interface PublishOptions {
  /** Of the weights; each keeps its own without it. */
  dtype?: StoredDtype | undefined
  /** Bytes of weights that are written. */
  onProgress?: (done: number) => void
  signal?: AbortSignal
}

const WEIGHTS = 'model.safetensors'
const PREFIX = 'transformer.'
const DTYPES = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', mixed: undefined }

/**
 * @param folder is made; it may be there, with nothing in it
 * @throws Failure on a folder that has something in it or cannot be written; what was begun is taken away again
 */
export async function publish(
  checkpoint: Checkpoint,
  folder: string,
  { dtype, onProgress, signal }: PublishOptions = {},
): Promise<Published> {
  await expectEmpty(folder)
  const { tokenizer: source, config } = checkpoint
  const { prefixToken, endToken } = await loadTokenizer(source, config.vocabSize)
  const files = await tokenizerFiles(source)
  const json = publishedConfig(checkpoint, dtype ?? checkpoint.storedDtype, {
    bos: prefixToken,
    eos: endToken ?? prefixToken,
  })
  const named = [...withBiases(checkpoint)].map(
    ([name, tensor]) =>
      [
        name === UNTIED_HEAD ? name : `${PREFIX}${name}`,
        dtype === undefined ? tensor : inDtype(tensor, name, dtype),
      ] as const,
  )
  async function* parts(): AsyncGenerator<Uint8Array> {
    // `format` is what transformers looks for before it takes a file.
    yield encodeHeader(named, { format: 'pt' })
    let done = 0
    for (const [, { read }] of named) {
      signal?.throwIfAborted()
      const bytes = await read()
      yield bytes
      done += bytes.byteLength
      onProgress?.(done)
    }
  }
  try {
    let weights = { bytes: 0, sha256: '' }
    await writeFolder(folder, async (beside) => {
      for (const { name, bytes } of files) await writeParts(join(beside, name), [bytes])
      await writeText(join(beside, 'config.json'), `${JSON.stringify(json, null, 2)}\n`)
      weights = await writeParts(join(beside, WEIGHTS), parts())
    })
    return { folder, ...weights, files: [...files.map(({ name }) => name), 'config.json', WEIGHTS] }
  } catch (cause) {
    if (signal?.aborted) throw new Failure('interrupted: nothing was written', { exit: EXIT.interrupted })
    throw writeFailure(folder, cause, 'nothing was written')
  }
}

/** In file order. Biases that the model does not have are zeros: transformers' GPT-2 always has them, and would warn. */
function withBiases({ config, tensors }: Checkpoint): Map<string, StoredTensor> {
  const all = gpt2Tensors({ ...config, absentBiases: [] })
  const dtype = tensors.get(TOKEN_TABLE)?.dtype ?? 'F32'
  return new Map(
    all.map(({ name, shape }) => {
      const read = async () => new Uint8Array(elementBytes(dtype) * sizeOf(shape))
      return [name, tensors.get(name) ?? { dtype, shape, read }]
    }),
  )
}

/** config.json of the source, or what its file says, with what transformers cannot tell from the weights. */
function publishedConfig(
  { configJson, config, tensors }: Checkpoint,
  stored: Checkpoint['storedDtype'],
  { bos, eos }: { bos: number; eos: number },
): JsonObject {
  const { dtype: _dtype, torch_dtype: _torch, ...rest } = configJson
  const dtype = DTYPES[stored]
  return {
    bos_token_id: bos,
    eos_token_id: eos,
    ...rest,
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    n_ctx: config.nPositions,
    tie_word_embeddings: !tensors.has(UNTIED_HEAD),
    ...(dtype !== undefined && { torch_dtype: dtype }),
  }
}

async function expectEmpty(folder: string): Promise<void> {
  const present = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new Failure(`${folder}: must be a new folder, got a file or what cannot be read`, {
      hint: 'name a folder that is not there yet',
      cause,
    })
  })
  if (present.length === 0) return
  throw new Failure(`${folder}: must be a new folder, got one with ${present[0]} in it`, {
    hint: 'name a folder that is not there yet',
  })
}
