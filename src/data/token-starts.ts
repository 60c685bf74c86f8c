/** Which characters of a text each token stands for. Pure but for the tokenizer. */
import type { Tokenizer } from './tokenizer.js'

/** Tokens that a character may be spread over; byte-level tokens hold one of its four bytes at the least. */
export const MOST_PARTS = 8

/**
 * Where each token begins in the text, in UTF-16 units, and after the last one where the text ends; (tokens + 1).
 * Tokens that share a character begin where the first of them does; those that a tokenizer puts around a text hold none of it.
 */
export function tokenStarts(
  text: string,
  tokens: Uint32Array,
  { decode, around }: Pick<Tokenizer, 'decode' | 'around'>,
): Uint32Array {
  const starts = new Uint32Array(tokens.length + 1).fill(text.length)
  const known = new Map<number, string>()
  const spelled = (token: number): string => {
    const one = known.get(token) ?? decode([token])
    known.set(token, one)
    return one
  }
  const { before, after } = around(text)
  const end = tokens.length - after
  starts.fill(0, 0, before)
  let at = 0
  for (let i = before; i < end; ) {
    starts[i] = at
    let parts = 1
    let length = lengthIn(text, at, spelled(tokens[i]))
    while (length === null && parts < MOST_PARTS && i + parts < end) {
      starts[i + parts] = at
      parts += 1
      length = lengthIn(text, at, decode(tokens.subarray(i, i + parts)))
    }
    at = Math.min(text.length, at + (length ?? decode(tokens.subarray(i, i + parts)).length))
    i += parts
  }
  return starts
}

/** Of what stands for a piece there. A tokenizer may put a blank before a word that has none, or take one away in spelling it. */
function lengthIn(text: string, at: number, piece: string): number | null {
  if (text.startsWith(piece, at)) return piece.length
  if (piece.startsWith(' ') && text.startsWith(piece.slice(1), at)) return piece.length - 1
  return text.startsWith(` ${piece}`, at) ? piece.length + 1 : null
}
