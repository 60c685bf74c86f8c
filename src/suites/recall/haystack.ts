/** Sentences set into filler at given depths, so that prompt and answer are exactly so many tokens: the shape of every recall item. */
import { Failure } from '../../errors.js'
import type { Filler } from './filler.js'
import type { AnyWorkshop } from './item.js'

/** A sentence to hide. */
export interface Placed {
  text: string
  /** 0 before all filler, 1 after all of it. */
  depth: number
}

export interface Straw {
  /** In the order of their depths. */
  placed: readonly Placed[]
  /** Stands before everything; empty for nothing. */
  head?: string
  /** Stands after everything, up to where the answer begins; empty for nothing. */
  tail: string
  /** The longest answer, with its space. */
  answer: string
  /** Plain words that the filler around must not have. */
  unsaid?: ReadonlySet<string>
}

export interface Haystack {
  text: string
  /** Characters up to the end of each sentence placed. */
  ends: number[]
  /** The same with other sentences in their places. */
  withOthers(texts: readonly string[]): Pick<Haystack, 'text' | 'ends'>
}

/** Places in the filler at which an exact fit is looked for; after these what falls short by the least is taken. */
const MOST_STARTS = 64
/** Corrections of the number of words at each. */
const MOST_FITS = 12

/** Null where not even an empty haystack is short enough. */
export function tryHaystack(shop: AnyWorkshop, straw: Straw): Haystack | null {
  const { counter, filler, random, length } = shop
  const size = (text: string): number => counter.encode(text + straw.answer).length
  const first = random.below(filler.words.length)
  if (size(build(filler, first, 0, straw).text) > length) return null
  let best: { start: number; count: number; lacks: number } = { start: first, count: 0, lacks: length }
  for (let k = 0; k < MOST_STARTS && best.lacks > 0; k++) {
    const start = sentenceAfter(filler, first) + k
    const fit = fitted(length, (count) => size(build(filler, start, count, straw).text))
    if (fit.lacks < best.lacks && !hasAny(filler, start, fit.count, straw.unsaid)) best = { start, ...fit }
  }
  const { start, count } = best
  const withOthers = (texts: readonly string[]): Pick<Haystack, 'text' | 'ends'> =>
    build(filler, start, count, {
      ...straw,
      placed: straw.placed.map((one, i) => ({ ...one, text: texts[i] })),
    })
  return { ...build(filler, start, count, straw), withOthers }
}

/** Failure: the sentences alone are too long. */
export function haystack(shop: AnyWorkshop, straw: Straw): Haystack {
  const found = tryHaystack(shop, straw)
  if (found !== null) return found
  const { head = '', tail, answer, placed } = straw
  const least = shop.counter.encode(
    `${head}${placed.map(({ text }) => text).join(' ')}${tail}${answer}`,
  ).length
  throw new Failure(`--length: ${shop.name} takes at least ${least} tokens, got ${shop.length}`, {
    hint: `name lengths from ${least}, or leave the task out`,
  })
}

/** Tokens from a place in a text to its end. */
export function tokensAfter({ counter }: Pick<AnyWorkshop, 'counter'>, text: string, end: number): number {
  return counter.encode(text).length - counter.encode(text.slice(0, end)).length
}

/**
 * Tokens of a text before the place where the question begins, of `frozenFrom`; undefined where the question may drop. A token that
 * reaches over that place is of the question.
 */
export function tokensBefore(
  { counter, question }: Pick<AnyWorkshop, 'counter' | 'question'>,
  text: string,
  place: number,
): number | undefined {
  if (question !== 'agnostic') return undefined
  const [before, all] = [counter.encode(text.slice(0, place)), counter.encode(text)]
  let same = 0
  while (same < before.length && before[same] === all[same]) same++
  return same
}

/** The most words with which the size is not above `length`: a guess, corrected by what words were long so far. */
function fitted(length: number, size: (words: number) => number): { count: number; lacks: number } {
  const all = length - size(0)
  let best = { count: 0, lacks: all }
  const tried = new Set([0])
  let count = Math.max(1, Math.floor(all / 2))
  while (tried.size < MOST_FITS && best.lacks > 0 && !tried.has(count)) {
    tried.add(count)
    const lacks = length - size(count)
    if (lacks >= 0 && lacks < best.lacks) best = { count, lacks }
    const step = Math.round((lacks * count) / Math.max(1, all - lacks))
    count = Math.max(0, count + (step === 0 ? Math.sign(lacks) : step))
  }
  return best
}

/** `count` words of filler from `start` on, around its end where need be, with the sentences in them. */
function build(
  { words, ends }: Filler,
  start: number,
  count: number,
  { placed, head = '', tail }: Straw,
): Pick<Haystack, 'text' | 'ends'> {
  const at = (i: number): number => (start + i) % words.length
  const places = placed.map(({ depth }) => nearestEnd(count, depth, (i) => ends[at(i - 1)]))
  const reached: number[] = []
  let text = head
  const add = (piece: string): void => {
    text += text === '' || text.endsWith('\n') ? piece : ` ${piece}`
  }
  for (let i = 0, next = 0; i <= count; i++) {
    for (; next < placed.length && places[next] <= i; next++) {
      add(placed[next].text)
      reached.push(text.length)
    }
    if (i < count) add(words[at(i)])
  }
  return { text: text + tail, ends: reached }
}

/** The end of a sentence nearest to a depth: after how many of `count` words. The very ends need none. */
function nearestEnd(count: number, depth: number, isEnd: (after: number) => boolean): number {
  const wanted = Math.round(depth * count)
  if (depth <= 0 || depth >= 1) return wanted
  for (let away = 0; away <= count / 8; away++) {
    for (const place of [wanted - away, wanted + away])
      if (place > 0 && place < count && isEnd(place)) return place
  }
  return wanted
}

const PUNCTUATION = /[^\p{L}]+/gu

function hasAny({ words }: Filler, start: number, count: number, unsaid?: ReadonlySet<string>): boolean {
  if (unsaid === undefined) return false
  const window = Array.from({ length: count }, (_, i) => words[(start + i) % words.length])
  return window.some((word) => unsaid.has(word.replace(PUNCTUATION, '').toLowerCase()))
}

function sentenceAfter({ words, ends }: Filler, from: number): number {
  for (let i = 0; i < words.length; i++) if (ends[(from + i) % words.length]) return from + i + 1
  return from
}
