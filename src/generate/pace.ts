/** How many tokens a submission makes, so that text appears evenly and the device is seldom left waiting. Pure. */

export interface Pace {
  steps(): number
  /** A submission of `steps` took so many seconds. */
  took(steps: number, seconds: number): void
}

/** Seconds that a submission should take: below what a reader notices, far above what submitting costs. */
const TARGET = 0.075

/** What the first submissions take is mostly compiling, so steps grow by this factor at most. */
const GROWTH = 4

/** @param most steps of a submission */
export function createPace(most: number): Pace {
  let steps = 1
  return {
    steps: () => steps,
    took(done, seconds) {
      const fitting = seconds > 0 ? Math.floor((TARGET * done) / seconds) : most
      steps = Math.max(1, Math.min(fitting, GROWTH * done, most))
    },
  }
}
