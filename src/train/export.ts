/**
 * A trained model as a Hugging Face folder: what asp loads like any other checkpoint, and transformers too, which takes
 * the GPT-2 part and leaves the interaction weights.
 */
import { join } from 'node:path'
import { replaceFile, type WrittenFile, writeParts, writeText } from '../data/durable-files.js'
import type { JsonObject } from '../data/json-file.js'
import { TOKENIZER_FILES, tokenizerFiles } from '../data/tokenizer/published.js'
import type { TokenizerSource } from '../data/tokenizer/source.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { HostTensor } from '../engine/train/types.js'
import { type SaveDtype, writeTensors } from './tensor-file.js'

export interface ExportSource {
  /** config.json of what was begun from. */
  configJson: JsonObject
  /** Of what was trained. */
  config: Gpt2Config
  tokenizerSource: TokenizerSource
}

const WEIGHTS = 'model.safetensors'

/** All that `writeModelFiles` may write. */
export const MODEL_FILES: readonly string[] = ['config.json', WEIGHTS, ...TOKENIZER_FILES]

const TORCH_DTYPES: Readonly<Record<SaveDtype, string>> = { f32: 'float32', f16: 'float16' }

/**
 * Writes config.json, tokenizer and weights into a folder; each file is replaced whole, the weights last.
 * @param tensors by canonical name
 */
export async function writeModelFiles(
  folder: string,
  tensors: ReadonlyMap<string, HostTensor>,
  { configJson, config, tokenizerSource }: ExportSource,
  dtype: SaveDtype,
): Promise<WrittenFile> {
  for (const { name, bytes } of await tokenizerFiles(tokenizerSource))
    await replaceFile(join(folder, name), (path) => writeParts(path, [bytes]))
  const json = `${JSON.stringify(modelConfig(configJson, config, dtype), null, 2)}\n`
  await replaceFile(join(folder, 'config.json'), (path) => writeText(path, json))
  return replaceFile(join(folder, WEIGHTS), (path) =>
    writeTensors(path, tensors, { dtype, prefix: 'transformer.' }),
  )
}

/** config.json of the result: the source's, with what training has changed; what says of it what it no longer is goes. */
export function modelConfig(
  source: JsonObject,
  { interaction, gate, selective, untiedHead }: Gpt2Config,
  dtype: SaveDtype,
): JsonObject {
  const delays = gate?.method === 'kvzap' ? gate : undefined
  const changed = {
    ...source,
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    dtype: undefined,
    torch_dtype: TORCH_DTYPES[dtype],
    ...(untiedHead && { tie_word_embeddings: false }),
    int_n_embd: interaction?.dim,
    propagate_in_depth: interaction?.propagateInDepth,
    drop_grace: interaction?.grace || undefined,
    drop_method: gate?.method ?? (selective ? 'selective' : undefined),
    drop_window: delays?.window,
    drop_threshold: delays?.threshold,
  }
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined))
}

/** The config.json of a GPT-2 that begins from random weights. */
export function newConfigJson(
  { vocabSize, nPositions, nEmbd, nLayer, nHead, layerNormEpsilon }: Gpt2Config,
  endToken: number,
): JsonObject {
  return {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    vocab_size: vocabSize,
    n_positions: nPositions,
    n_ctx: nPositions,
    n_embd: nEmbd,
    n_layer: nLayer,
    n_head: nHead,
    n_inner: null,
    activation_function: 'gelu_new',
    layer_norm_epsilon: layerNormEpsilon,
    bos_token_id: endToken,
    eos_token_id: endToken,
    tie_word_embeddings: true,
  }
}
