/** The two files of the first GPT-2 release under their Hugging Face names, as a byte-level BPE tokenizer.json. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.js'
import { type JsonObject, readJsonObject } from '../json-file.js'
import { utf8Of } from '../utf8.js'

const VOCAB_FILE = 'vocab.json'
const MERGES_FILE = 'merges.txt'
export const END_OF_TEXT = '<|endoftext|>'
export const TOKENIZER_HINT = 'use the tokenizer files that belong to this checkpoint'
export const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }

/** tokenizer.json's object, read or built. */
export interface Definition {
  definition: JsonObject
  /** Of the file that messages name. */
  path: string
  bytes: Uint8Array[]
}

/** Failure: one of the files is missing or malformed. */
export async function readVocabAndMerges(folder: string): Promise<Definition> {
  const paths = [VOCAB_FILE, MERGES_FILE].map((name) => join(folder, name))
  const [vocabBytes, mergesBytes] = await Promise.all(
    paths.map((path) =>
      readFile(path).catch((cause: unknown) => {
        const message = `${folder}: no tokenizer.json, and no ${VOCAB_FILE} with ${MERGES_FILE}`
        throw new Failure(message, { hint: TOKENIZER_HINT, cause })
      }),
    ),
  )
  const vocab = await readJsonObject(paths[0], TOKENIZER_HINT)
  const merges = mergeLines(paths[1], mergesBytes)
  const broken = merges.findIndex((line) => line.split(' ').length !== 2)
  if (broken >= 0) {
    throw new Failure(`${paths[1]}: each line must hold two tokens, got ${JSON.stringify(merges[broken])}`, {
      hint: TOKENIZER_HINT,
    })
  }
  return { definition: definitionOf(vocab, merges), path: paths[0], bytes: [vocabBytes, mergesBytes] }
}

/** Only the first line is a comment: "#" may also start a merge. */
export function mergeLines(path: string, bytes: Buffer): string[] {
  const lines = utf8Of(path, bytes).split(/\r?\n/)
  return lines.filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')))
}

export function definitionOf(vocab: JsonObject, merges: readonly string[]): JsonObject {
  return {
    version: '1.0',
    added_tokens: Object.hasOwn(vocab, END_OF_TEXT)
      ? [{ id: vocab[END_OF_TEXT], content: END_OF_TEXT, special: true, normalized: false }]
      : [],
    normalizer: null,
    pre_tokenizer: BYTE_LEVEL,
    post_processor: null,
    decoder: BYTE_LEVEL,
    model: { type: 'BPE', vocab, merges, ...PLAIN_BPE },
  }
}

/** What transformers' GPT2Tokenizer gives its BPE, whatever tokenizer.json says. */
export const PLAIN_BPE = {
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: '',
  end_of_word_suffix: '',
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
}
