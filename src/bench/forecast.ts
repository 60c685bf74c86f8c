/** How long what is left will take, and how much of it a time limit leaves room for. Pure. */
import { median } from '../stats/basics.js'

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
  /** Seconds since the start. */
  elapsed: number
  /** Rounds measured, and wanted in all. */
  done: number
  wanted: number
  /** Seconds of a round, of all curves, of the split by stage. */
  round: number
  curves: number
  stages: number
}

/** Fewer than this do not show whether a figure can be relied on. */
const FEWEST_ROUNDS = 3

/**
 * After a round: how much of what is wanted fits the limit. Rounds are given up first, down to three, then curves,
 * then the split by stage; a limit is never a reason for fewer than two rounds.
 */
export function chooseExtent({ limit, elapsed, done, wanted, ...seconds }: ExtentQuestion): Extent {
  if (limit === null) return { rounds: wanted, curves: true, stages: true }
  const roundsIn = (left: number): number =>
    done + (seconds.round > 0 ? Math.max(0, Math.floor(left / seconds.round)) : wanted)
  const least = Math.min(wanted, Math.max(done, FEWEST_ROUNDS))
  for (const extent of [
    { curves: true, stages: true },
    { curves: false, stages: true },
    { curves: false, stages: false },
  ]) {
    const after = (extent.curves ? seconds.curves : 0) + (extent.stages ? seconds.stages : 0)
    const rounds = roundsIn(limit - elapsed - after)
    if (rounds >= least && limit - elapsed - after >= 0)
      return { rounds: Math.min(wanted, rounds), ...extent }
  }
  return { rounds: Math.min(wanted, Math.max(2, roundsIn(limit - elapsed))), curves: false, stages: false }
}
