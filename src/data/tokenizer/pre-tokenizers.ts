/** The pre-tokenizers of tokenizer.json: a text into the words inside which tokens are merged, as Python's tokenizers library cuts it. */
import type { JsonObject } from '../json-file.js'
import { byteCharacters } from './bytes.js'
import { partOf } from './parts.js'
import { type CompilePattern, GPT2_WORDS } from './patterns.js'

/** @param isFirst the text begins there */
export type PreTokenizer = (text: string, isFirst: boolean) => string[]
type Make = (options: JsonObject, compile: CompilePattern) => PreTokenizer

const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d'
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu')
const SPACE = /\p{White_Space}/gu
const DIGIT = /\p{N}/gu
const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/gu

const PRE_TOKENIZERS: Readonly<Record<string, Make>> = {
  ByteLevel: ({ add_prefix_space, use_regex }) => {
    const words = use_regex === false ? (text: string) => [text] : (text: string) => cut(text, GPT2_WORDS)
    return (text) => words(add_prefix_space === true ? spaced(text) : text).map(byteCharacters)
  },
  Metaspace: metaspace,
  Whitespace: () => (text) => text.match(WORDS) ?? [],
  WhitespaceSplit: () => (text) => cut(text, SPACE, 'Removed'),
  BertPreTokenizer: () => (text) => cut(text, SPACE, 'Removed').flatMap((word) => cut(word, PUNCTUATION)),
  Punctuation: ({ behavior }) => {
    const how = behaviorOf(behavior ?? 'Isolated')
    return (text) => cut(text, PUNCTUATION, how)
  },
  Digits: ({ individual_digits }) => {
    const how = individual_digits === true ? 'Isolated' : 'Contiguous'
    return (text) => cut(text, DIGIT, how)
  },
  CharDelimiterSplit: ({ delimiter }, compile) => {
    const regex = compile({ String: delimiter })
    return (text) => cut(text, regex, 'Removed')
  },
  Split: ({ pattern, behavior, invert }, compile) => {
    const regex = compile(pattern)
    const how = behaviorOf(behavior)
    return (text) => cut(text, regex, how, invert === true)
  },
  Sequence: ({ pretokenizers }, compile) => {
    if (!Array.isArray(pretokenizers)) throw new Error('pretokenizers must be a list')
    const steps = pretokenizers.map((one) => createPreTokenizer(one, compile))
    return (text, isFirst) =>
      steps.reduce((words, step) => words.flatMap((word, i) => step(word, isFirst && i === 0)), [text])
  },
}

/** Error: a type, or an option of one, that asp does not have. */
export function createPreTokenizer(preTokenizer: unknown, compile: CompilePattern): PreTokenizer {
  if (preTokenizer === null || preTokenizer === undefined) return (text) => [text]
  const { make, options } = partOf(PRE_TOKENIZERS, preTokenizer, 'pre_tokenizer')
  return make(options, compile)
}

const spaced = (text: string): string => (text.startsWith(' ') ? text : ` ${text}`)

function metaspace(options: JsonObject): PreTokenizer {
  const { replacement, prepend_scheme, add_prefix_space, split } = options
  const mark = typeof replacement === 'string' ? replacement : '\u2581'
  const scheme = prepend_scheme ?? (add_prefix_space === false ? 'never' : 'always')
  return (text, isFirst) => {
    const marked = text.replaceAll(' ', mark)
    const isPrepended = !marked.startsWith(mark) && (scheme === 'always' || (scheme === 'first' && isFirst))
    const whole = isPrepended ? mark + marked : marked
    if (split === false) return [whole]
    return whole.split(mark).flatMap((part, i) => (i === 0 ? (part === '' ? [] : [part]) : [mark + part]))
  }
}

const BEHAVIORS = ['Removed', 'Isolated', 'Contiguous', 'MergedWithPrevious', 'MergedWithNext'] as const
type Behavior = (typeof BEHAVIORS)[number]

function behaviorOf(value: unknown): Behavior {
  const known = BEHAVIORS.find((one) => one === value)
  if (known === undefined) throw new Error(`unknown behavior ${JSON.stringify(value)}`)
  return known
}

/** What is found and what lies between; `invert` takes one for the other. */
function cut(text: string, regex: RegExp, behavior: Behavior = 'Isolated', invert = false): string[] {
  const pieces: { text: string; isFound: boolean }[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(regex)) {
    if (index > from) pieces.push({ text: text.slice(from, index), isFound: invert })
    if (found !== '') pieces.push({ text: found, isFound: !invert })
    from = index + found.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), isFound: invert })
  if (behavior === 'Isolated') return pieces.map((piece) => piece.text)
  if (behavior === 'Removed') return pieces.filter(({ isFound }) => !isFound).map((piece) => piece.text)
  if (behavior === 'Contiguous') return joined(pieces, (piece, before) => piece.isFound === before.isFound)
  if (behavior === 'MergedWithPrevious')
    return joined(pieces, (piece, before) => piece.isFound && !before.isFound)
  return joined(pieces, (piece, before) => before.isFound && !piece.isFound)
}

function joined<Piece extends { text: string }>(
  pieces: readonly Piece[],
  joins: (piece: Piece, before: Piece) => boolean,
): string[] {
  const words: string[] = []
  for (const [i, piece] of pieces.entries()) {
    if (i > 0 && joins(piece, pieces[i - 1])) words[words.length - 1] += piece.text
    else words.push(piece.text)
  }
  return words
}
