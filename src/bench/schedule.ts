/** How many rounds are measured, what follows them, and how long all of it will take. */
import { median } from '../stats/basics.js'
import type { Cell } from './cell.js'
import { cellWork, shortTest } from './cell.js'
import { chooseExtent, type Extent, Forecast } from './forecast.js'

export interface ScheduleOptions {
  /** Rounds wanted. */
  rounds: number
  /** Seconds the whole run may take; null: no limit. */
  limit: number | null
  /** Whether the cost is to be split by stage. */
  stages: boolean
  /** Runs of each cell a round: two where noise is measured. */
  turns: 1 | 2
  /** Seconds since the start of the run. */
  elapsed: () => number
}

/** A curve cut short is worth less than this share of the limit. */
const GRACE = 1.1

export class Schedule {
  readonly #cells: readonly Cell[]
  readonly #options: ScheduleOptions
  readonly #forecast: Forecast
  #extent: Extent

  constructor(cells: readonly Cell[], options: ScheduleOptions) {
    this.#cells = cells
    this.#options = options
    this.#forecast = new Forecast(cells.map(cellWork))
    this.#extent = { rounds: options.rounds, curves: true, stages: options.stages }
  }

  /** What is to be done, as far as is known now. */
  get extent(): Extent {
    return this.#extent
  }

  /** One run of a cell has taken so many seconds. */
  add(cell: number, seconds: number): void {
    this.#forecast.add(cell, seconds)
  }

  /** Cuts what is wanted down to what the limit leaves room for; after each round, when `done` have been measured. */
  decide(done: number): Extent {
    const { limit, elapsed, rounds, stages } = this.#options
    const chosen = chooseExtent({
      limit,
      elapsed: elapsed(),
      done,
      round: this.#roundSeconds() ?? 0,
      curves: this.#curveSeconds(),
      stages: stages ? this.#stageSeconds() : 0,
      wanted: rounds,
    })
    this.#extent = { ...chosen, stages: chosen.stages && stages }
    return this.#extent
  }

  /** Seconds to the end of the run when these runs of the current round are left; null while nothing is known. */
  left(round: number, runs: readonly number[]): number | null {
    const now = this.#forecast.total(runs.filter((cell) => this.#isOpen(cell)))
    const whole = this.#roundSeconds()
    if (now === null || whole === null) return null
    const { rounds } = this.#extent
    return now + Math.max(0, rounds - round - 1) * whole + this.afterRounds()
  }

  /** Seconds that the curves may still take, some more than was planned; null: no limit. */
  curveSeconds(): number | null {
    const { limit, elapsed } = this.#options
    return limit === null ? null : Math.max(0, GRACE * limit - elapsed() - this.afterCurves())
  }

  /** Seconds of curves and stages. */
  afterRounds(): number {
    const { curves, stages } = this.#extent
    return (curves ? this.#curveSeconds() : 0) + (stages ? this.#stageSeconds() : 0)
  }

  afterCurves(): number {
    return this.#extent.stages ? this.#stageSeconds() : 0
  }

  /** What was given up for the limit, in words. */
  notes(): string[] {
    const { rounds, limit, stages } = this.#options
    const extent = this.#extent
    const each = Math.ceil(this.#roundSeconds() ?? 0)
    const lost = [
      ...(extent.rounds < rounds
        ? [`${extent.rounds} of ${rounds} repetitions, a round takes ${each} s`]
        : []),
      ...(!extent.curves && this.#curveSeconds() > 0
        ? [`no curves, which would take ${Math.ceil(this.#curveSeconds())} s`]
        : []),
      ...(!extent.stages && stages ? ['no split by stage'] : []),
      ...(this.#cells.some(isCut) ? ['curves end early'] : []),
    ]
    if (lost.length === 0 || limit === null) return []
    return [`chosen to end within ${limit} s: ${lost.join('; ')} (--repetitions or --max-time change that)`]
  }

  #isOpen(cell: number): boolean {
    return this.#cells[cell].refused === null
  }

  #roundSeconds(): number | null {
    const once = this.#forecast.total([...this.#cells.keys()].filter((cell) => this.#isOpen(cell)))
    return once === null ? null : once * this.#options.turns
  }

  #curveSeconds(): number {
    return this.#cells.reduce((sum, cell) => {
      const { group } = cell.configuration
      return sum + (group.curve && cell.refused === null ? (group.ctx - 1) * stepSeconds(cell) : 0)
    }, 0)
  }

  #stageSeconds(): number {
    return this.#cells.reduce((sum, cell, i) => {
      if (cell.refused !== null) return sum
      const { group } = cell.configuration
      const less = { ...cell.configuration, group: { ...group, tests: group.tests.map(shortTest) } }
      const share = cellWork({ configuration: less, batch: cell.batch }) / cellWork(cell)
      return sum + share * (this.#forecast.run(i) ?? 0)
    }, 0)
  }
}

function isCut({ curve, configuration }: Cell): boolean {
  const last = curve?.curve.lengths.at(-1)
  return curve !== null && last !== configuration.group.ctx
}

/** Most tests generate at the end of the context, where a step takes longest; the mean over all lengths is less. */
const MEAN_STEP = 0.75

/** Host seconds of one step of a curve, by the tests that generate; 0 where there is none. */
function stepSeconds({ tests }: Cell): number {
  const steps = tests.flatMap(({ test, samples }) =>
    test.gen > 0 && test.prompt === 0 ? samples.map(({ host_s }) => host_s / test.gen) : [],
  )
  return steps.length === 0 ? 0 : MEAN_STEP * median(steps)
}
