/** A word -> token ids, and ids -> text: the models and decoders of @huggingface/tokenizers, held to what Python's library does. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { isObject, type JsonObject } from '../json-file.js'
import type { AddedToken } from './added-tokens.js'
import { BYTE_CHARACTERS } from './bytes.js'

export interface WordModel {
  /** An id is undefined where the word, or a part of it, is unknown and no token stands for that. */
  encode(word: string): (number | undefined)[]
  decode(ids: ArrayLike<number>): string
}

type ModelType = 'BPE' | 'Unigram' | 'WordPiece' | 'WordLevel'

/** Older files do not name it. */
function typeOf(model: JsonObject): ModelType {
  const { type } = model
  if (type === 'BPE' || type === 'Unigram' || type === 'WordPiece' || type === 'WordLevel') return type
  if (type !== undefined && type !== null) throw new Error(`unknown model ${JSON.stringify(type)}`)
  if ('merges' in model) return 'BPE'
  if (Array.isArray(model.vocab)) return 'Unigram'
  return 'max_input_chars_per_word' in model ? 'WordPiece' : 'WordLevel'
}

/** Tokens with their ids, without those added after training. Error: there is no vocabulary. */
export function modelVocabulary(model: unknown): Map<string, number> {
  const vocab = isObject(model) ? model.vocab : undefined
  const entries: [string, unknown][] = Array.isArray(vocab)
    ? vocab.map((row: unknown, id) => [Array.isArray(row) ? String(row[0]) : String(row), id])
    : Object.entries(isObject(vocab) ? vocab : {})
  if (vocab === undefined || vocab === null) throw new Error('must have model.vocab')
  return new Map(
    entries.map(([token, id]) => {
      if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) return [token, id]
      throw new Error(
        `token ${JSON.stringify(token)} must have a whole number as its id, got ${JSON.stringify(id)}`,
      )
    }),
  )
}

/** Error: a model or a decoder that the library does not have, or an option of one that it does not heed. */
export function createWordModel(definition: JsonObject, added: readonly AddedToken[]): WordModel {
  const model = isObject(definition.model) ? definition.model : {}
  const type = typeOf(model)
  if (model.dropout) throw new Error(`model.dropout ${model.dropout}, which gives other ids each time`)
  if (type === 'BPE' && model.continuing_subword_prefix) {
    throw new Error(`model.continuing_subword_prefix ${JSON.stringify(model.continuing_subword_prefix)}`)
  }
  if (type === 'BPE' && model.end_of_word_suffix && !model.unk_token && !model.byte_fallback) {
    throw new Error('model.end_of_word_suffix without an unk_token')
  }
  const library = new HuggingFaceTokenizer(
    {
      model: { ...model, type: type === 'WordLevel' ? 'Legacy' : type },
      decoder: definition.decoder ?? null,
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
    },
    // A list of words is the library's oldest model, which has the unknown one from here.
    { unk_token: model.unk_token },
  )
  const { model: words } = library
  if (words === null) throw new Error('no model')
  const known = modelVocabulary(model)
  const prepared = type === 'BPE' && !model.unk_token && !model.byte_fallback ? withoutUnknown(known) : null
  const pieces = type === 'Unigram' && model.byte_fallback === true ? bytePieces(known) : null
  return {
    encode: (word) => {
      const tokens: string[] = words._call([prepared === null ? word : prepared(word)])
      const all = pieces === null ? tokens : tokens.flatMap(pieces)
      return all.map((token) => known.get(token) ?? words.unk_token_id)
    },
    decode: (ids) =>
      ids.length === 0
        ? ''
        : library.decode(Array.from(ids), {
            skip_special_tokens: false,
            clean_up_tokenization_spaces: false,
          }),
  }
}

/** Without a token for them, unknown characters are left out before neighbours merge. */
function withoutUnknown(known: ReadonlyMap<string, number>): ((word: string) => string) | null {
  if (BYTE_CHARACTERS.every((character) => known.has(character))) return null
  return (word) => [...word].filter((character) => known.has(character)).join('')
}

const UTF8 = new TextEncoder()

/** A piece that the vocabulary lacks, as tokens for its bytes where there are all. */
function bytePieces(known: ReadonlyMap<string, number>): (piece: string) => string[] {
  return (piece) => {
    if (known.has(piece)) return [piece]
    const bytes = Array.from(
      UTF8.encode(piece),
      (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    )
    return bytes.every((byte) => known.has(byte)) ? bytes : [piece]
  }
}
