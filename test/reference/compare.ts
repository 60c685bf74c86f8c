/** Largest absolute difference; infinite where either is not a number or the lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i])
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }
  return worst
}

/** Norm of the difference over norm of `expected`; infinite where either is not a number or the lengths differ. */
export function relativeDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY
  let [difference, norm] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    difference += (got[i] - expected[i]) ** 2
    norm += expected[i] ** 2
  }
  const relative = difference === 0 ? 0 : Math.sqrt(difference / norm)
  return Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative
}
