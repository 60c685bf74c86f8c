/** Which classes a token belongs to: by the word that a tagger finds where the token stands, by its place in that word, by position. Pure. */
import type { DimensionName } from '../record/names.js'
import type { TaggedWord } from './tagger.js'

/** Of one token, its class in each dimension. */
export type TokenClasses = Readonly<Record<DimensionName, string>>

/** Classes in the order of tables; a class that is not listed comes after them, by name. */
export const CLASS_ORDER: Readonly<Record<DimensionName, readonly string[]>> = {
  all: ['all tokens'],
  kind: ['punctuation', 'stop word', 'content word', 'number', 'symbol', 'white space'],
  part_of_speech: [
    ...['NOUN', 'PROPN', 'PRON', 'VERB', 'AUX', 'ADJ', 'ADV', 'DET', 'ADP', 'CCONJ', 'SCONJ', 'PART'],
    ...['NUM', 'INTJ', 'SYM', 'X', 'PUNCT', 'SPACE'],
  ],
  place_in_word: ['whole word', 'first piece', 'later piece', 'no word'],
  position: ['0', '1-3', '4-15', '16-63', '64-255', '256-1023', '1024-'],
}

/** First positions of the classes of `position`. */
const POSITIONS = CLASS_ORDER.position.map((name) => Number.parseInt(name, 10))

/**
 * @param text in which tokens and words are
 * @param starts (tokens + 1) where each token begins, and where the last one ends
 * @param words in order, inside the text
 */
export function tokenClasses(
  text: string,
  starts: ArrayLike<number>,
  words: readonly TaggedWord[],
): TokenClasses[] {
  const found = wordsOfTokens(text, starts, words)
  return found.map((word, at) => ({
    all: CLASS_ORDER.all[0],
    kind: kindOf(word),
    part_of_speech: word?.tag ?? 'SPACE',
    place_in_word: placeOf(text, starts, at),
    position: positionClass(at),
  }))
}

/**
 * Of each token, the tagged word that shares most characters with it, the first of those that share as many; null for white
 * space. A token that is only part of a character belongs to the word the character is in.
 */
export function wordsOfTokens(
  text: string,
  starts: ArrayLike<number>,
  words: readonly TaggedWord[],
): (TaggedWord | null)[] {
  const found: (TaggedWord | null)[] = []
  let first = 0
  for (let at = 0; at + 1 < starts.length; at++) {
    const from = starts[at]
    const to = Math.max(starts[at + 1], from + 1)
    while (first < words.length && words[first].to <= from) first++
    let best: TaggedWord | null = null
    let most = 0
    for (let i = first; i < words.length && words[i].from < to; i++) {
      const shared = visibleBetween(text, Math.max(from, words[i].from), Math.min(to, words[i].to))
      if (shared > most) [best, most] = [words[i], shared]
    }
    found.push(best)
  }
  return found
}

/** Characters that are no white space. */
function visibleBetween(text: string, from: number, to: number): number {
  return text.slice(from, to).replace(/\s/g, '').length
}

/** wink-nlp's types of what is written with letters, beside `word`. */
const WORDS = ['word', 'hashtag', 'mention', 'url', 'email', 'alpha', 'apos']
const NUMBERS = ['number', 'ordinal', 'time', 'currency', 'unit']

function kindOf(word: TaggedWord | null): string {
  if (word === null || word.tag === 'SPACE') return 'white space'
  if (word.type === 'punctuation') return 'punctuation'
  if (word.stopWord) return 'stop word'
  if (NUMBERS.includes(word.type) || word.tag === 'NUM') return 'number'
  return WORDS.includes(word.type) ? 'content word' : 'symbol'
}

const LETTER = /[\p{L}\p{N}]/u

/** A word is a run of letters and digits, apostrophes between them among it: pieces are what the model's vocabulary cuts it into. */
function placeOf(text: string, starts: ArrayLike<number>, at: number): string {
  const [from, to] = [starts[at], Math.max(starts[at + 1], starts[at] + 1)]
  const token = text.slice(from, to)
  if (!LETTER.test(token)) return 'no word'
  const continues = !/^\s/.test(token) && joins(text, from)
  if (continues) return 'later piece'
  return joins(text, to) ? 'first piece' : 'whole word'
}

/** Whether a word goes on from before a place to behind it. */
function joins(text: string, place: number): boolean {
  const before = /[\p{L}\p{N}]['’]?$/u.test(text.slice(Math.max(0, place - 3), place))
  const behind = /^['’]?[\p{L}\p{N}]/u.test(text.slice(place, place + 3))
  return before && behind
}

function positionClass(at: number): string {
  return CLASS_ORDER.position[POSITIONS.findLastIndex((first) => first <= at)]
}

/** The classes that occur, in the order of tables. */
export function orderedClasses(dimension: DimensionName, names: Iterable<string>): string[] {
  const order = CLASS_ORDER[dimension]
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  return [...names].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
}
