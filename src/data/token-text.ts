/** The text that tokens stand for, and where each begins in it. Pure but for the tokenizer. */
import { MOST_PARTS } from './token-starts.js'
import type { Tokenizer } from './tokenizer.js'

/** What bytes that are no UTF-8 are decoded to. */
const BROKEN = '\ufffd'

/**
 * The token that begins a text (`<|endoftext|>`) stands between documents and for no text. Tokens that share a character begin where the
 * first of them does.
 * @returns starts, (tokens + 1) in UTF-16 units: the last is where the text ends
 */
export function tokenText(
  tokens: Uint32Array,
  { decode, prefixToken }: Pick<Tokenizer, 'decode' | 'prefixToken'>,
): { text: string; starts: Uint32Array } {
  const starts = new Uint32Array(tokens.length + 1)
  const known = new Map<number, string>([[prefixToken, '']])
  const spelled = (token: number): string => {
    const one = known.get(token) ?? decode([token])
    known.set(token, one)
    return one
  }
  const pieces: string[] = []
  let at = 0
  for (let i = 0; i < tokens.length; ) {
    let parts = 1
    let piece = spelled(tokens[i])
    while (piece.includes(BROKEN) && parts < MOST_PARTS && i + parts < tokens.length)
      piece = decode(tokens.subarray(i, i + ++parts))
    if (piece.includes(BROKEN)) {
      parts = 1
      piece = spelled(tokens[i])
    }
    starts.fill(at, i, i + parts)
    pieces.push(piece)
    at += piece.length
    i += parts
  }
  starts[tokens.length] = at
  return { text: pieces.join(''), starts }
}
