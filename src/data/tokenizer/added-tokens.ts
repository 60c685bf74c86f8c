/** Tokens that are found in a text as they are spelled, before it is cut into words: which there are, and where a text has them. */
import { isObject, type JsonObject } from '../json-file.js'
import { runnable } from './patterns.js'

export interface TokenFlags {
  content: string
  /** Found in the normalized text, spelled as the normalizer leaves it. */
  normalized: boolean
  special: boolean
  /** Takes the white space before it, after it. */
  lstrip: boolean
  rstrip: boolean
  /** Not found inside a word. */
  singleWord: boolean
}

export interface AddedToken extends TokenFlags {
  id: number
}

/** As tokenizer.json, added_tokens_decoder and special_tokens_map.json have it: an object, or its text alone. */
export function tokenFlags(value: unknown, isSpecial = false): TokenFlags | null {
  const token = isObject(value) ? value : { content: value }
  if (typeof token.content !== 'string') return null
  const special = typeof token.special === 'boolean' ? token.special : isSpecial
  return {
    content: token.content,
    normalized: typeof token.normalized === 'boolean' ? token.normalized : !special,
    special,
    lstrip: token.lstrip === true,
    rstrip: token.rstrip === true,
    singleWord: token.single_word === true,
  }
}

const NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token']
const EXTRA = ['extra_special_tokens', 'additional_special_tokens']

function extraTokens(settings: JsonObject): unknown[] {
  return EXTRA.flatMap((key) => {
    const tokens = settings[key]
    return Array.isArray(tokens) ? tokens : isObject(tokens) ? Object.values(tokens) : []
  })
}

/** Every special token that the settings name, in the order in which transformers adds those that are missing. */
export function namedTokens(settings: JsonObject): TokenFlags[] {
  const ofModel = Object.keys(settings).filter(
    (key) => key.endsWith('_token') && !NAMES.includes(key) && typeof settings[key] === 'string',
  )
  return [...[...NAMES, ...ofModel].map((key) => settings[key]), ...extraTokens(settings)]
    .map((value) => tokenFlags(value, true))
    .filter((flags) => flags !== null)
}

/**
 * Tokens of added_tokens.json, by id: special where tokenizer_config.json or a role of special_tokens_map.json names them.
 * @param settings both, the map over the other
 */
export function listedTokens(listed: JsonObject, settings: JsonObject, config: JsonObject): NumberedToken[] {
  const roles = NAMES.map((key) => settings[key])
  const special = new Set([...roles, ...extraTokens(config)].map((value) => tokenFlags(value)?.content))
  return Object.entries(listed).map(([content, id]) => ({
    id: Number(id),
    token: tokenFlags(content, special.has(content)),
  }))
}

/** A token as a file has it; the id says its place among the others, not what it gets. */
export interface NumberedToken {
  id: number
  token: TokenFlags | null
}

/**
 * Ids of added tokens, as the tokenizers library gives them whatever a file says: that of the vocabulary where it has the token,
 * else the next free one. Of tokens alike the first has the id, the last the flags.
 */
export function placeTokens(
  wanted: readonly TokenFlags[],
  vocabulary: ReadonlyMap<string, number>,
): AddedToken[] {
  const placed = new Map<string, AddedToken>()
  let next = vocabulary.size
  for (const flags of wanted) {
    if (flags.content === '') continue
    const id = placed.get(flags.content)?.id ?? vocabulary.get(flags.content) ?? next
    next = Math.max(next, id + 1)
    placed.set(flags.content, { ...flags, id })
  }
  return [...placed.values()]
}

/** A stretch of a text: an added token's id, or text between two of them. */
export type Stretch = { id: number } | { text: string; isFirst: boolean }

const SPACES_BEFORE = /\p{White_Space}+$/u
const SPACES_AFTER = /^\p{White_Space}+/u
const WORD_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]$/u
const WORD_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u

/** @param spelled the tokens as they stand in texts: of two that begin alike the longer is found. Error: too long to look for */
export function findTokens(spelled: ReadonlyMap<string, AddedToken>): (text: string) => Stretch[] {
  const contents = [...spelled.keys()].filter((content) => content !== '')
  if (contents.length === 0) return (text) => [{ text, isFirst: true }]
  const byLength = contents.sort((a, b) => b.length - a.length)
  const spelling = byLength.map((one) => one.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|')
  const any = runnable(new RegExp(spelling, 'g'))
  return (text) => {
    const stretches: Stretch[] = []
    let from = 0
    for (const { 0: found, index } of text.matchAll(any)) {
      const token = spelled.get(found)
      if (token === undefined || index < from) continue
      const after = text.slice(index + found.length)
      const before = text.slice(from, index)
      const isInWord = WORD_BEFORE.test(text.slice(Math.max(0, index - 2), index)) || WORD_AFTER.test(after)
      if (token.singleWord && isInWord) continue
      const between = token.lstrip ? before.replace(SPACES_BEFORE, '') : before
      if (between !== '') stretches.push({ text: between, isFirst: from === 0 })
      stretches.push({ id: token.id })
      const spaces = token.rstrip ? (SPACES_AFTER.exec(after)?.[0].length ?? 0) : 0
      from = index + found.length + spaces
    }
    if (from < text.length) stretches.push({ text: text.slice(from), isFirst: from === 0 })
    return stretches
  }
}
