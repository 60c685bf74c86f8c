/** Which part of a long text is scored. Pure. */

/** Tokens `start` up to `end`, exclusive. */
export interface Stretch {
  start: number
  end: number
}

/**
 * All of a text of at most `limit` tokens, in one; else stretches of `length` tokens, spread evenly from the
 * beginning to the end, `limit` tokens in all at most (and one stretch at least). With the longest context as `length`,
 * all context lengths score the same tokens.
 */
export function chooseStretches(tokens: number, limit: number, length: number): Stretch[] {
  const count = Math.max(1, Math.floor(limit / length))
  if (tokens <= limit || count * length >= tokens) return [{ start: 0, end: tokens }]
  const gap = count === 1 ? 0 : (tokens - length) / (count - 1)
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor(i * gap)
    return { start, end: start + length }
  })
}
