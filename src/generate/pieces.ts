/** Tokens -> pieces of text that can be shown by themselves, each with its share of layers that dropped it. Pure. */
import type { ShadedPiece } from '../record/generate/schema.js'

const REPLACEMENT = '\ufffd'

/**
 * Tokens that make one character together are one piece, shaded as they are on average.
 * @param shares of the first tokens; the others have not been dropped by anything
 */
export function shadedPieces(
  tokens: readonly number[],
  shares: readonly number[],
  decode: (tokens: ArrayLike<number>) => string,
): ShadedPiece[] {
  const pieces: ShadedPiece[] = []
  let from = 0
  for (let to = 1; to <= tokens.length; to++) {
    const text = decode(tokens.slice(from, to))
    if (text.endsWith(REPLACEMENT) && to < tokens.length) continue
    const own = tokens.slice(from, to).map((_, i) => shares[from + i] ?? 0)
    pieces.push({ text, share: own.reduce((sum, share) => sum + share, 0) / own.length })
    from = to
  }
  return pieces
}
