/** How long what is left will take, and how much of it a time limit leaves room for. Pure. */
import { median } from '../stats.js'

/** Runs of configurations: what each is likely to take, from its own earlier runs or by comparison with others. */
export class Forecast {
  readonly #work: readonly number[]
  readonly #seconds: number[][]

  /** `work`: for each configuration, a rough measure of a run in any unit. */
  constructor(work: readonly number[]) {
    this.#work = work
    this.#seconds = work.map(() => [])
  }

  add(configuration: number, seconds: number): void {
    this.#seconds[configuration].push(seconds)
  }

  /** Seconds of one run; null before anything has run. */
  run(configuration: number): number | null {
    const own = this.#seconds[configuration]
    if (own.length > 0) return median(own)
    const ratios = this.#work.flatMap((work, i) =>
      this.#seconds[i].length > 0 ? [median(this.#seconds[i]) / work] : [],
    )
    return ratios.length === 0 ? null : median(ratios) * this.#work[configuration]
  }

  /** Seconds of one run of each of these; null before anything has run. */
  total(configurations: readonly number[]): number | null {
    let total = 0
    for (const one of configurations) {
      const seconds = this.run(one)
      if (seconds === null) return null
      total += seconds
    }
    return total
  }
}

export interface Extent {
  /** Rounds in all. */
  rounds: number
  curves: boolean
  stages: boolean
}

export interface ExtentQuestion {
  /** Seconds that everything may take; null: no limit. */
  limit: number | null
  /** Seconds since the start, the first round included. */
  elapsed: number
  round: number
  curves: number
  stages: number
  /** Rounds wanted. */
  wanted: number
}

/** Fewer than this do not show whether a figure can be relied on. */
const FEWEST_ROUNDS = 3

/**
 * After the first round: how much of what is wanted fits the limit. Rounds are given up first, down to three, then
 * curves, then the split by stage; a limit is never a reason for fewer than two rounds.
 */
export function chooseExtent({ limit, elapsed, round, curves, stages, wanted }: ExtentQuestion): Extent {
  if (limit === null) return { rounds: wanted, curves: true, stages: true }
  const left = limit - elapsed
  const roundsIn = (seconds: number): number =>
    1 + (round > 0 ? Math.max(0, Math.floor(seconds / round)) : wanted)
  const least = Math.min(wanted, FEWEST_ROUNDS)
  for (const extent of [
    { curves: true, stages: true },
    { curves: false, stages: true },
    { curves: false, stages: false },
  ]) {
    const rounds = roundsIn(left - (extent.curves ? curves : 0) - (extent.stages ? stages : 0))
    if (rounds >= least) return { rounds: Math.min(wanted, rounds), ...extent }
  }
  return { rounds: Math.min(wanted, Math.max(2, roundsIn(left))), curves: false, stages: false }
}
