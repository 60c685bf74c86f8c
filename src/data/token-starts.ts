/** Which characters of a text each token stands for. Pure but for the tokenizer. */
import type { Tokenizer } from './tokenizer.js'

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
