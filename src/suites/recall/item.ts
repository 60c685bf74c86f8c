/** What a recall task makes, and what it makes it with. */
import type { PythonRandom } from '../../stats/python-random.js'
import type { Filler } from './filler.js'

/** The part of a tokenizer that lengths are counted with. */
export interface Counter {
  encode(text: string): ArrayLike<number>
  encodeBare(text: string): ArrayLike<number>
}

/**
 * `agnostic`: the question stands after the text, and from its first token on nothing is dropped: what is gone was decided by the text.
 * `online`: it stands there too, but its own tokens, and the answer's, drop what they would drop of any text.
 * `aware`: as `online`, and it stands before the text as well.
 */
export const QUESTIONS = ['agnostic', 'online', 'aware'] as const
export type Question = (typeof QUESTIONS)[number]

/** Of one item or of several. */
export interface AnyWorkshop {
  /** The task, for messages. */
  name: string
  counter: Counter
  filler: Filler
  /** Plain words of the filler, each of the same number of tokens. */
  words: readonly string[]
  /** The item's own, so that it does not depend on what else is made. */
  random: PythonRandom
  /** Tokens of the prompt and its longest answer together. */
  length: number
  question: Question
}

export interface Workshop extends AnyWorkshop {
  /** Where in the text the answer stands: 0 at its beginning, 1 at its end. */
  depth: number
}

/** What makes items that ask about one text, at each of `depths`. */
export interface SharedWorkshop extends AnyWorkshop {
  depths: readonly number[]
}

/** Choices after one context, or one continuation after several contexts. */
export interface Item {
  /** One, or one for each choice. */
  contexts: readonly string[]
  /** With the space they begin with. */
  choices: readonly string[]
  gold: number
  /** By choice, tokens of its context that stand before the question; undefined where the question may drop. */
  frozenFrom?: readonly number[]
  /** What names the other items that ask about the same text. */
  group?: string
  /** Where it stands in the grid. */
  cell: Cell
}

/** Numbers by which items are grouped. */
export interface Cell {
  length: number
  depth: number
  /** Tokens between the end of what holds the answer and the end of the prompt. */
  distance: number
  /** Pairs of an associative recall, and which of its queries this is, from 0. */
  pairs?: number
  query?: number
}
