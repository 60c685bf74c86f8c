/**
 * What the files of a tokenizer say together, as transformers reads them: which of them wins, and what one adds to another
 * (docs/tokenizers.md, Which file wins).
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.js'
import { exists } from '../files.js'
import { fileFailure, isObject, type JsonObject, readJsonObject } from '../json-file.js'
import { listedTokens, type NumberedToken, namedTokens, type TokenFlags, tokenFlags } from './added-tokens.js'
import { gpt2Definition } from './gpt2.js'
import type { TokenizerSource } from './source.js'
import {
  BYTE_LEVEL,
  type Definition,
  END_OF_TEXT,
  PLAIN_BPE,
  readVocabAndMerges,
  TOKENIZER_HINT,
} from './vocab-and-merges.js'

/** Whether a folder has a tokenizer of its own. */
export async function hasTokenizer(folder: string): Promise<boolean> {
  return (await exists(join(folder, 'tokenizer.json'))) || (await exists(join(folder, 'vocab.json')))
}

export const TOKENIZER_CONFIG = 'tokenizer_config.json'

export interface TokenizerFiles {
  /** tokenizer.json's object with what the other files change of it; its added tokens are in `added`. */
  definition: JsonObject
  /** As tokenizer.json alone has it. */
  original: JsonObject
  path: string
  bytes: Uint8Array[]
  /** Special tokens by role, and options. */
  settings: JsonObject
  /** In the order in which they get their ids. */
  added: TokenFlags[]
  /** Of the added tokens, those that tokenizer.json itself has. */
  ofFile: TokenFlags[]
  /** Special tokens before and after every text, where there is no tokenizer.json whose post-processor says so. */
  around: { before: string | null; after: string | null }
  /** Special tokens are spelled out, as other text. */
  splitsSpecial: boolean
}

/** Failure: a file is missing or malformed. */
export async function readTokenizerFiles(source: TokenizerSource): Promise<TokenizerFiles> {
  const folder = source.kind === 'folder' ? source.folder : null
  const optional = async (name: string): Promise<JsonObject | null> =>
    folder !== null && (await exists(join(folder, name)))
      ? readJsonObject(join(folder, name), TOKENIZER_HINT)
      : null
  const own = folder === null ? null : await readDefinition(folder)
  const file = own ?? (await otherDefinition(source))
  const config = (await optional(TOKENIZER_CONFIG)) ?? (source.kind === 'file' ? source.settings : {})
  // Transformers wrote these two files until 4.34, and does not read them beside what replaced them.
  const isOld = config.added_tokens_decoder === undefined
  const settings = isOld ? { ...config, ...(await optional('special_tokens_map.json')) } : config
  const listed = isOld ? ((await optional('added_tokens.json')) ?? {}) : {}
  const byId = isOld ? listedTokens(listed, settings, config) : numberedTokens(config.added_tokens_decoder)
  const fromFile = fileTokens(file.definition)
  const tokenizerClass = config.tokenizer_class ?? (await optional('config.json'))?.tokenizer_class
  if (own === null && folder !== null && !isGpt2Class(tokenizerClass)) {
    const named = typeof tokenizerClass === 'string' ? tokenizerClass : JSON.stringify(tokenizerClass)
    throw new Failure(`${folder}: a ${named} needs tokenizer.json, got only vocab.json with merges.txt`, {
      hint: 'load it with transformers and save it again',
    })
  }
  const isRebuilt = isGpt2Class(tokenizerClass) && isByteLevelBpe(file.definition)
  const replaced = new Set(fromFile.map(({ id }) => id))
  const decoder = isRebuilt && isOld ? [...byId.filter(({ id }) => !replaced.has(id)), ...fromFile] : byId
  const inOrder = [...(isRebuilt ? [] : fromFile), ...decoder.toSorted((a, b) => a.id - b.id)]
  const first = inOrder.flatMap(({ token }) => token ?? [])
  const named = [...namedTokens(settings), ...(isRebuilt ? ownEnd(settings, file.definition) : [])]
  return {
    ...file,
    definition: isRebuilt ? rebuilt(file.definition, settings) : file.definition,
    original: file.definition,
    settings,
    added: [...first, ...missingOf(first, named)],
    ofFile: fromFile.flatMap(({ token }) => token ?? []),
    around: own === null ? startAndEnd(settings) : { before: null, after: null },
    splitsSpecial: settings.split_special_tokens === true,
  }
}

async function otherDefinition(source: TokenizerSource): Promise<Definition> {
  if (source.kind === 'folder') return readVocabAndMerges(source.folder)
  if (source.kind === 'gpt2') return gpt2Definition()
  const { file: path, definition } = source
  return { definition, path, bytes: [Buffer.from(JSON.stringify(definition))] }
}

async function readDefinition(folder: string): Promise<Definition | null> {
  const path = join(folder, 'tokenizer.json')
  if (!(await exists(path))) return null
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fileFailure(path, cause, TOKENIZER_HINT)
  })
  return { definition: await readJsonObject(path, TOKENIZER_HINT), path, bytes: [bytes] }
}

/** added_tokens_decoder. */
function numberedTokens(decoder: unknown): NumberedToken[] {
  const entries = Object.entries(isObject(decoder) ? decoder : {})
  return entries.map(([id, token]) => ({ id: Number(id), token: tokenFlags(token) }))
}

function fileTokens({ added_tokens: tokens }: JsonObject): NumberedToken[] {
  const listed: unknown[] = Array.isArray(tokens) ? tokens : []
  return listed.map((token) => ({
    id: isObject(token) ? Number(token.id) : Number.NaN,
    token: tokenFlags(token),
  }))
}

/** What a GPT-2 has unless it names another class. */
function isGpt2Class(name: unknown): boolean {
  if (name === undefined || name === null) return true
  return typeof name === 'string' && /^(GPT2|CodeGen)Tokenizer(Fast)?$/.test(name)
}

/** Of such a one that class takes vocabulary, merges and post-processor, and has the rest itself. */
function isByteLevelBpe({ model, pre_tokenizer: words }: JsonObject): boolean {
  const isBpe = isObject(model) && (model.type === 'BPE' || (model.type === undefined && 'merges' in model))
  const steps = isObject(words) && Array.isArray(words.pretokenizers) ? words.pretokenizers : [words]
  const isByteLevel = steps.some((step) => isObject(step) && step.type === 'ByteLevel')
  return isBpe && (isByteLevel || words === null || words === undefined)
}

function rebuilt(definition: JsonObject, settings: JsonObject): JsonObject {
  const model = isObject(definition.model) ? definition.model : {}
  return {
    ...definition,
    normalizer: null,
    pre_tokenizer: { ...BYTE_LEVEL, add_prefix_space: settings.add_prefix_space === true },
    model: { ...model, ...PLAIN_BPE },
  }
}

function startAndEnd(settings: JsonObject): TokenizerFiles['around'] {
  const text = (role: string): string | null =>
    tokenFlags(Object.hasOwn(settings, role) ? settings[role] : END_OF_TEXT)?.content ?? null
  return {
    before: settings.add_bos_token === true ? text('bos_token') : null,
    after: settings.add_eos_token === true ? text('eos_token') : null,
  }
}

/** That class has `<|endoftext|>` in roles that nothing names; asp does not invent it where the vocabulary lacks it. */
function ownEnd(settings: JsonObject, { model }: JsonObject): TokenFlags[] {
  const vocab = isObject(model) && isObject(model.vocab) ? model.vocab : {}
  const isDefault = ['bos_token', 'eos_token', 'unk_token'].some((role) => !Object.hasOwn(settings, role))
  const end = tokenFlags(END_OF_TEXT, true)
  return isDefault && end !== null && Object.hasOwn(vocab, END_OF_TEXT) ? [end] : []
}

function missingOf(known: readonly TokenFlags[], wanted: readonly TokenFlags[]): TokenFlags[] {
  const contents = new Set(known.map(({ content }) => content))
  return wanted.filter(({ content }) => !contents.has(content))
}
