/**
 * Holm's correction: p values that may each be held against the same level, however many tests were made, while the
 * chance of any false alarm stays at that level. Pure.
 */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b])
  const adjusted = new Array<number>(p.length)
  let least = 0
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (p.length - rank) * p[i]))
    adjusted[i] = least
  }
  return adjusted
}
