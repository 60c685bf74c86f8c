/** The tokens that each sequence of a batch is fed: windows of one text, the same for every configuration. Pure. */

/**
 * `count` windows of `length` tokens, side by side; past its end the text is begun again a little further on, and a
 * text shorter than a window is repeated. Window i does not depend on how many there are.
 */
export function cutWindows(tokens: Uint32Array, count: number, length: number): Uint32Array[] {
  if (tokens.length === 0) throw new RangeError('cutWindows: needs at least one token')
  const starts = tokens.length - length + 1
  return Array.from({ length: count }, (_, i) => {
    if (starts > 0) {
      const start = (i * length) % starts
      return tokens.subarray(start, start + length)
    }
    return Uint32Array.from({ length }, (_, j) => tokens[(i + j) % tokens.length])
  })
}

/** Whether `count` windows share no token. */
export const areDistinct = (tokens: Uint32Array, count: number, length: number): boolean =>
  count * length <= tokens.length

/** Seeded tokens, each of the vocabulary as likely as any other. */
export function randomTokens(count: number, vocabSize: number, seed: number): Uint32Array {
  let state = (seed ^ 0x9e3779b9) | 0 || 1
  return Uint32Array.from({ length: count }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % vocabSize
  })
}
