/** What a recall task makes, and what it makes it with. */
import type { PythonRandom } from '../../stats/python-random.js'
import type { Filler } from './filler.js'

/** The part of a tokenizer that lengths are counted with. */
export interface Counter {
  encode(text: string): ArrayLike<number>
  encodeBare(text: string): ArrayLike<number>
}

/**
 * `hidden`: the question stands after the text alone, so that what was dropped of the text was dropped without knowing it.
 * `seen`: it stands before the text as well.
 */
export const QUESTIONS = ['hidden', 'seen'] as const
export type Question = (typeof QUESTIONS)[number]

export interface Workshop {
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
  /** Where in the text the answer stands: 0 at its beginning, 1 at its end. */
  depth: number
  question: Question
}

/** Choices after one context, or one continuation after several contexts. */
export interface Item {
  /** One, or one for each choice. */
  contexts: readonly string[]
  /** With the space they begin with. */
  choices: readonly string[]
  gold: number
  /** Where it stands in the grid. */
  cell: Cell
}

/** Numbers by which items are grouped. */
export interface Cell {
  length: number
  depth: number
  /** Tokens between the end of what holds the answer and the end of the prompt. */
  distance: number
  /** Pairs of an associative recall. */
  pairs?: number
}
