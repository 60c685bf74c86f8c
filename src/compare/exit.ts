/** Exit codes of `asp compare` beside those all commands share (src/errors.ts): its verdict, for CI. */
import type { Verdict } from '../record/compare/schema.js'

export const EXIT_COMPARE = { notWorse: 0, worse: 1, notComparable: 3, inconclusive: 4 } as const

/** `strict`: not knowing is not enough. */
export function exitOf(verdict: Verdict, strict: boolean): number {
  if (verdict === 'worse') return EXIT_COMPARE.worse
  return verdict === 'inconclusive' && strict ? EXIT_COMPARE.inconclusive : EXIT_COMPARE.notWorse
}
