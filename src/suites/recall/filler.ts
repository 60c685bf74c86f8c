/** Natural text that answers are hidden in: its words in order, where its sentences end, and what it already says. */
import { Failure } from '../../errors.js'

export interface Filler {
  /** In order; white space between them counts as one space. */
  words: readonly string[]
  /** Whether a sentence ends with the word. */
  ends: readonly boolean[]
  /** Distinct plain words, in order of first appearance. */
  vocabulary: readonly string[]
  /** Whether the text has this anywhere, in capitals or not: such a thing cannot be hidden in it. */
  says(text: string): boolean
}

/** The least that passages can be drawn from. */
const FEWEST = { words: 400, vocabulary: 120 }

const PLAIN = /^\p{Ll}{3,9}$/u
const SENTENCE_END = /[.!?]["'”’)\]]*$/

/** @param name the text, for messages. Failure: too little text. */
export function makeFiller(text: string, name: string): Filler {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const vocabulary = [...new Set(words.filter((word) => PLAIN.test(word)))]
  for (const [what, has, least] of [
    ['words', words.length, FEWEST.words],
    ['distinct plain words of 3 to 9 letters', vocabulary.length, FEWEST.vocabulary],
  ] as const) {
    if (has < least)
      throw new Failure(`${name}: filler must have at least ${least} ${what}, got ${has}`, {
        hint: 'name a longer text with --filler, or none for the bundled books',
      })
  }
  const lower = text.toLowerCase()
  return {
    words,
    ends: words.map((word) => SENTENCE_END.test(word)),
    vocabulary,
    says: (wanted) => lower.includes(wanted.toLowerCase()),
  }
}
