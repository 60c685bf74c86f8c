/** Words and bytes behind tokens: what word and byte perplexity divide by. Pure but for the tokenizer. */
import { PYTHON_SPACE } from '../data/python-text.js'
import type { Tokenizer } from '../data/tokenizer.js'

/** Tokens that a character may be spread over; byte-level tokens hold one of its four bytes at the least. */
const MOST_PARTS = 8

/**
 * Where each token begins in the text, in UTF-16 units, and after the last one where the text ends; (tokens + 1).
 * Tokens that share a character begin where the first of them does.
 */
export function tokenStarts(
  text: string,
  tokens: Uint32Array,
  { decode }: Pick<Tokenizer, 'decode'>,
): Uint32Array {
  const starts = new Uint32Array(tokens.length + 1)
  const known = new Map<number, string>()
  const spelled = (token: number): string => {
    const one = known.get(token) ?? decode([token])
    known.set(token, one)
    return one
  }
  let at = 0
  for (let i = 0; i < tokens.length; ) {
    starts[i] = at
    let parts = 1
    let piece = spelled(tokens[i])
    while (!text.startsWith(piece, at) && parts < MOST_PARTS && i + parts < tokens.length) {
      starts[i + parts] = at
      parts += 1
      piece = decode(tokens.subarray(i, i + parts))
    }
    at += piece.length
    i += parts
  }
  starts[tokens.length] = text.length
  return starts
}

export interface TextAmount {
  /** Runs of characters between white space (Python's) that begin in the span. */
  words: number
  /** UTF-8. */
  bytes: number
}

const WORD = new RegExp(`[^${PYTHON_SPACE.slice(1)}+`, 'gu')
const ENDS_IN_SPACE = new RegExp(`${PYTHON_SPACE}$`, 'u')

/** Of the text between the beginnings of two of its tokens. */
export function amountBetween(text: string, starts: Uint32Array, first: number, last: number): TextAmount {
  const piece = text.slice(starts[first], starts[last])
  const words = piece.match(WORD)?.length ?? 0
  const before = text.slice(Math.max(0, starts[first] - 1), starts[first])
  // A word that goes on from before begins there.
  const goesOn = before !== '' && !ENDS_IN_SPACE.test(before) && piece !== '' && piece.search(WORD) === 0
  return { words: words - Number(goesOn), bytes: Buffer.byteLength(piece) }
}
