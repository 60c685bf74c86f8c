/** Text <-> token ids as transformers has them, from the files that lie beside the weights (docs/tokenizers.md). */
import { Failure } from '../errors.js'
import type { JsonObject } from './json-file.js'
import { tokenFlags } from './tokenizer/added-tokens.js'
import { createEncoder } from './tokenizer/encoder.js'
import { readTokenizerFiles, TOKENIZER_CONFIG } from './tokenizer/files.js'
import { GPT2_TOKENIZER } from './tokenizer/gpt2.js'
import { hashOf } from './tokenizer/hash.js'
import type { Surrounding } from './tokenizer/post-processor.js'
import { inFolder, type TokenizerSource } from './tokenizer/source.js'
import { END_OF_TEXT, TOKENIZER_HINT } from './tokenizer/vocab-and-merges.js'

export interface Tokenizer {
  /**
   * Ids of a text with the tokens that this tokenizer puts around every one (mostly none), unless the text begins with the start
   * token itself. Failure: an id that the model has no row for, or a word that no token stands for.
   */
  encode(text: string): Uint32Array
  /** Ids of the text alone; a literal `<|endoftext|>` becomes the special token. Fails as `encode`. */
  encodeBare(text: string): Uint32Array
  /** How many tokens `encode` puts before and after this text. */
  around(text: string): { before: number; after: number }
  /** Special tokens are spelled out and spaces are left as they are. */
  decode(ids: ArrayLike<number>): string
  /** Conditions the first token of a text without context (docs/lm-eval.md, Encoding a pair): bos, else eos, else `<|endoftext|>`. */
  prefixToken: number
  /** Ends a text that a model writes: eos, else `<|endoftext|>`; null where there is neither. */
  endToken: number | null
  /** One more than the largest id; tokens past the model's vocabulary are among them. */
  vocabSize: number
  /** A text may be cut before a blank or a line end, and the ids of its parts are those of the whole. */
  cutsAtSpaces: boolean
  /** Hex SHA-256 of all that decides the ids: tokenizer.json, or vocab.json and then merges.txt, and what other files change of it. */
  sha256: string
}

/**
 * @param from a folder with tokenizer.json, or with vocab.json and merges.txt, and what else transformers reads of a tokenizer; or another
 *   source
 * @param modelVocab V, rows of the model's token table
 * @throws Failure on missing or malformed files, on parts that asp does not have, and on a start token without a row
 */
export async function loadTokenizer(from: string | TokenizerSource, modelVocab: number): Promise<Tokenizer> {
  const files = await readTokenizerFiles(typeof from === 'string' ? inFolder(from) : from)
  const { path, settings } = files
  const encoder = orFailure(path, () => createEncoder(files))
  const { ids, surrounding, model } = encoder
  const prefixToken = findPrefixToken(ids, settings, path)
  checkRow(prefixToken, modelVocab, ids, path)
  const startText = model.decode([prefixToken])
  const encodeBare = (text: string): Uint32Array => {
    const tokens = encoder.encode(text)
    for (const token of tokens) if (token >= modelVocab) checkRow(token, modelVocab, ids, path)
    return tokens
  }
  const around = (text: string): Surrounding =>
    text.startsWith(startText) ? { before: [], after: [] } : surrounding
  const isPlain = surrounding.before.length + surrounding.after.length === 0
  return {
    encode: (text) => {
      if (isPlain) return encodeBare(text)
      const { before, after } = around(text)
      for (const token of [...before, ...after]) checkRow(token, modelVocab, ids, path)
      return Uint32Array.from([...before, ...encodeBare(text), ...after])
    },
    encodeBare,
    around: (text) => ({ before: around(text).before.length, after: around(text).after.length }),
    decode: model.decode,
    prefixToken,
    endToken: findToken(ids, [settings.eos_token, END_OF_TEXT]),
    vocabSize: [...ids.values()].reduce((size, id) => Math.max(size, id + 1), 0),
    cutsAtSpaces: encoder.cutsAtSpaces,
    sha256: hashOf(files, encoder, ids.get(END_OF_TEXT) === prefixToken ? null : prefixToken),
  }
}

function orFailure<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new Failure(`${path}: not a tokenizer that can be loaded, got ${why.slice(0, 120)}`, {
      hint: TOKENIZER_HINT,
      cause,
    })
  }
}

function checkRow(id: number, modelVocab: number, ids: ReadonlyMap<string, number>, path: string): void {
  if (id < modelVocab) return
  const token = [...ids].find(([, one]) => one === id)?.[0]
  throw new Failure(
    `${path}: token ids must be below the model's vocabulary of ${modelVocab}, got ${id} for ${JSON.stringify(token)}`,
    {
      hint: path === GPT2_TOKENIZER ? 'put the tokenizer files of this checkpoint beside it' : TOKENIZER_HINT,
    },
  )
}

function findPrefixToken(ids: ReadonlyMap<string, number>, settings: JsonObject, path: string): number {
  const token = findToken(ids, [settings.bos_token, settings.eos_token, END_OF_TEXT])
  if (token !== null) return token
  throw new Failure(`${path}: no start token, got neither bos_token, eos_token nor ${END_OF_TEXT}`, {
    hint: `name one in ${TOKENIZER_CONFIG}`,
  })
}

/** The first that is a known token: a text, or an object with one as tokenizer_config.json also has it. */
function findToken(ids: ReadonlyMap<string, number>, named: readonly unknown[]): number | null {
  for (const token of named) {
    const content = tokenFlags(token)?.content
    const id = content === undefined ? undefined : ids.get(content)
    if (id !== undefined) return id
  }
  return null
}
