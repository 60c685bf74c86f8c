/** "Did you mean": the known name closest to what was typed. */

/** The name that begins as typed, else the nearest by edit distance; undefined when more than half would change. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase()
  const scored = names.map((name) => {
    const known = name.toLowerCase()
    return { name, distance: wanted !== '' && known.startsWith(wanted) ? 0 : editDistance(wanted, known) }
  })
  const best = scored.sort((a, b) => a.distance - b.distance)[0]
  return best && best.distance <= Math.max(typed.length, best.name.length) / 2 ? best.name : undefined
}

/** Levenshtein distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row[j] = Math.min(row[j - 1] + 1, above[j] + 1, above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    above = row
  }
  return above[b.length]
}
