/** `--batch-size max`: the largest number of sequences that a yes-or-no question allows, by doubling and then bisection. Pure. */

/** No adapter is better used by more; it bounds the search where a plan knows no limit. */
export const MOST_SLOTS = 4096

/** The largest n from 1 to `most` for which `fits` holds, where it holds for all below it too; 0 when not even 1 fits. */
export function largestFitting(fits: (n: number) => boolean, most = MOST_SLOTS): number {
  let good = 0
  let bad = most + 1
  for (let n = 1; n < bad; n = Math.min(2 * n, bad)) {
    if (!fits(n)) bad = n
    else good = n
    if (good === most) return most
  }
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (fits(middle)) good = middle
    else bad = middle
  }
  return good
}
