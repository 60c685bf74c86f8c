/** Text <-> token ids, through @huggingface/tokenizers and the files that lie beside the weights. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { Failure } from '../errors.js'
import { exists, sha256Of } from './files.js'
import { fileFailure, isObject, type JsonObject, readJsonObject } from './json-file.js'

export interface Tokenizer {
  /** Ids of the text alone: no start token is added, and a literal `<|endoftext|>` becomes the special token. */
  encode(text: string): Uint32Array
  /** Special tokens are spelled out and spaces are left as they are. */
  decode(ids: ArrayLike<number>): string
  /** Conditions the first token of a text without context (docs/lm-eval.md, Encoding a pair): bos, else eos, else `<|endoftext|>`. */
  prefixToken: number
  /** Ends a text that a model writes: eos, else `<|endoftext|>`; null where there is neither. */
  endToken: number | null
  /** One more than the largest id; at most the model's vocabulary. */
  vocabSize: number
  /** Hex SHA-256 of the files that decide the ids: tokenizer.json, or vocab.json and then merges.txt. */
  sha256: string
}

const TOKENIZER_FILE = 'tokenizer.json'
const TOKENIZER_CONFIG = 'tokenizer_config.json'
const VOCAB_FILE = 'vocab.json'
const MERGES_FILE = 'merges.txt'
const END_OF_TEXT = '<|endoftext|>'

/** How GPT-2 cuts text into words before merging (openai/gpt-2, src/encoder.py). */
const GPT2_WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

const HINT = 'use the tokenizer files that belong to this checkpoint'

interface TokenizerFiles {
  /** tokenizer.json's object, read or built. */
  definition: JsonObject
  path: string
  sha256: string
}

/**
 * @param folder with tokenizer.json, or with vocab.json and merges.txt; tokenizer_config.json if there is one
 * @param modelVocab V, rows of the model's token table
 * @throws Failure on missing or malformed files, and on ids that the model has no row for
 */
export async function loadTokenizer(folder: string, modelVocab: number): Promise<Tokenizer> {
  const { definition, path, sha256 } = (await exists(join(folder, TOKENIZER_FILE)))
    ? await readTokenizerJson(join(folder, TOKENIZER_FILE))
    : await readVocabAndMerges(folder)
  const configPath = join(folder, TOKENIZER_CONFIG)
  const config = (await exists(configPath)) ? await readJsonObject(configPath, HINT) : {}
  const ids = tokenIds(definition, path)
  const vocabSize = checkedVocabSize(ids, modelVocab, path)
  const prefixToken = findPrefixToken(ids, config, path)
  const tokenizer = construct(withUnicodeSpaces(definition), path)
  return {
    encode: (text) => Uint32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
    decode: (tokens) =>
      tokens.length === 0
        ? ''
        : tokenizer.decode(Array.from(tokens), {
            skip_special_tokens: false,
            clean_up_tokenization_spaces: false,
          }),
    prefixToken,
    endToken: findToken(ids, [config.eos_token, END_OF_TEXT]),
    vocabSize,
    sha256,
  }
}

async function readTokenizerJson(path: string): Promise<TokenizerFiles> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fileFailure(path, cause, HINT)
  })
  return { definition: await readJsonObject(path, HINT), path, sha256: sha256Of(bytes) }
}

/** The two files of the first GPT-2 release under their Hugging Face names, as a byte-level BPE tokenizer.json. */
async function readVocabAndMerges(folder: string): Promise<TokenizerFiles> {
  const paths = [VOCAB_FILE, MERGES_FILE].map((name) => join(folder, name))
  const [vocabBytes, mergesBytes] = await Promise.all(
    paths.map((path) =>
      readFile(path).catch((cause: unknown) => {
        const message = `${folder}: no ${TOKENIZER_FILE}, and no ${VOCAB_FILE} with ${MERGES_FILE}`
        throw new Failure(message, { hint: HINT, cause })
      }),
    ),
  )
  const vocab = await readJsonObject(paths[0], HINT)
  const lines = mergesBytes.toString('utf8').split(/\r?\n/)
  // Only the first line is a comment: "#" may also start a merge.
  const merges = lines.filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')))
  const broken = merges.findIndex((line) => line.split(' ').length !== 2)
  if (broken >= 0) {
    throw new Failure(`${paths[1]}: each line must hold two tokens, got ${JSON.stringify(merges[broken])}`, {
      hint: HINT,
    })
  }
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  return {
    definition: {
      version: '1.0',
      added_tokens: Object.hasOwn(vocab, END_OF_TEXT)
        ? [{ id: vocab[END_OF_TEXT], content: END_OF_TEXT, special: true, normalized: false }]
        : [],
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: { ...byteLevel, trim_offsets: false },
      decoder: byteLevel,
      model: {
        type: 'BPE',
        vocab,
        merges,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
      },
    },
    path: paths[0],
    sha256: sha256Of(vocabBytes, mergesBytes),
  }
}

/** Every token with its id, those added after training included. */
function tokenIds(definition: JsonObject, path: string): Map<string, number> {
  const { model, added_tokens: added = [] } = definition
  const vocab = isObject(model) ? model.vocab : undefined
  if (!isObject(vocab) || !Array.isArray(added)) {
    throw new Failure(`${path}: must have model.vocab and a list of added_tokens`, { hint: HINT })
  }
  const extra = added.map((token: unknown): [string, unknown] => {
    const { content, id } = isObject(token) ? token : {}
    return [String(content), id]
  })
  return new Map(
    [...Object.entries(vocab), ...extra].map(([token, id]) => {
      if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) return [token, id]
      throw new Failure(
        `${path}: token ${JSON.stringify(token)} must have a whole number as its id, got ${id}`,
        {
          hint: HINT,
        },
      )
    }),
  )
}

function checkedVocabSize(ids: ReadonlyMap<string, number>, modelVocab: number, path: string): number {
  let size = 0
  for (const [token, id] of ids) {
    if (id >= modelVocab) {
      throw new Failure(
        `${path}: token ids must be below the model's vocabulary of ${modelVocab}, got ${id} for ${JSON.stringify(token)}`,
        { hint: HINT },
      )
    }
    size = Math.max(size, id + 1)
  }
  return size
}

function findPrefixToken(ids: ReadonlyMap<string, number>, config: JsonObject, path: string): number {
  const token = findToken(ids, [config.bos_token, config.eos_token, END_OF_TEXT])
  if (token !== null) return token
  throw new Failure(`${path}: no start token, got neither bos_token, eos_token nor ${END_OF_TEXT}`, {
    hint: `name one in ${TOKENIZER_CONFIG}`,
  })
}

/** The first that is a known token: a text, or an object with one as tokenizer_config.json also has it. */
function findToken(ids: ReadonlyMap<string, number>, named: readonly unknown[]): number | null {
  for (const token of named) {
    const content = isObject(token) ? token.content : token
    const id = typeof content === 'string' ? ids.get(content) : undefined
    if (id !== undefined) return id
  }
  return null
}

/**
 * The library's own byte-level splitter uses JavaScript's \s, which counts U+FEFF and not U+0085; the Python library
 * follows Unicode. Its general splitter does too, so the same expression is handed to that one.
 */
function withUnicodeSpaces(definition: JsonObject): JsonObject {
  const { pre_tokenizer: split } = definition
  if (!isObject(split) || split.type !== 'ByteLevel') return definition
  if (split.use_regex === false || split.add_prefix_space === true) return definition
  const words = { type: 'Split', pattern: { Regex: GPT2_WORDS }, behavior: 'Isolated', invert: false }
  return {
    ...definition,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [words, { ...split, use_regex: false }] },
  }
}

function construct(definition: JsonObject, path: string): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(definition, {})
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new Failure(`${path}: not a tokenizer that can be loaded, got ${JSON.stringify(why)}`, {
      hint: HINT,
      cause,
    })
  }
}
