/**
 * What is said of a measured gain (docs/compare.md): worse and better need a test that holds after Holm's correction, worse
 * also an estimate beyond the margin; same needs an interval that ends before the margin. Everything else is not known. Pure.
 */
import type { Verdict } from '../record/compare/schema.js'
import { fewestDiscordant } from '../stats/power.js'
import type { Measured } from './measure.js'

export interface Judgement {
  verdict: Verdict
  reason: string
}

export interface Judging {
  /** On the scale of gains, at least 0. */
  margin: number
  alpha: number
  pHolm: number | null
}

export function judge(measured: Measured, { margin, alpha, pHolm }: Judging): Judgement {
  const { gain, identical, interval, method, flips, floor } = measured
  const tolerated = Math.max(margin, floor ?? 0)
  if (identical) return { verdict: 'same', reason: 'identical' }
  if (method === 'size alone') {
    if (gain < -margin) return { verdict: 'worse', reason: 'beyond the margin' }
    return gain > margin
      ? { verdict: 'better', reason: 'beyond the margin' }
      : { verdict: 'same', reason: 'within the margin' }
  }
  if (pHolm !== null && pHolm < alpha) {
    if (gain < -tolerated) return { verdict: 'worse', reason: 'significant' }
    if (gain > tolerated) return { verdict: 'better', reason: 'significant' }
  }
  // Without a floor an interval says what the clock did, not what it might do with nothing changed.
  const unmeasured = method === 'rounds beyond the noise floor' && floor === null
  if (!unmeasured && interval !== null && interval.low - (floor ?? 0) > -margin) {
    return { verdict: 'same', reason: 'no loss beyond the margin' }
  }
  return { verdict: 'inconclusive', reason: whyNot() }

  function whyNot(): string {
    if (interval === null) return 'too few data to detect any loss'
    if (unmeasured) return 'no noise floor: asp bench --noise'
    if (flips !== null) {
      const discordant = flips.gained + flips.lost
      const fewest = fewestDiscordant(alpha)
      if (discordant < fewest)
        return `${discordant} flip${discordant === 1 ? '' : 's'}, too few data to detect any loss`
    }
    if (pHolm !== null && pHolm < alpha) return 'a loss, perhaps within the margin'
    if (floor !== null && floor > margin) return 'within the noise of identical runs'
    return 'a loss is possible'
  }
}

/** Of a pair with something in it that is not finite: a run gone astray is worse than one that is not, and never better. */
export function judgeUnmeasured({ base }: { base: number }): Judgement {
  return Number.isFinite(base)
    ? { verdict: 'worse', reason: 'not finite in the new run' }
    : { verdict: 'inconclusive', reason: 'not finite in the base' }
}

/** Of several: worse if any is, then not known if any is not, then better if any is. */
export function overall(verdicts: readonly Verdict[]): Verdict {
  return (['worse', 'inconclusive', 'better'] as const).find((one) => verdicts.includes(one)) ?? 'same'
}

/** Exit codes of `asp compare` beside those all commands share (src/errors.ts): its verdict, for CI. */
export const EXIT_COMPARE = { notWorse: 0, worse: 1, notComparable: 3, inconclusive: 4 } as const

/** `strict`: not knowing is not enough. */
export function exitOf(verdict: Verdict, strict: boolean): number {
  if (verdict === 'worse') return EXIT_COMPARE.worse
  return verdict === 'inconclusive' && strict ? EXIT_COMPARE.inconclusive : EXIT_COMPARE.notWorse
}
