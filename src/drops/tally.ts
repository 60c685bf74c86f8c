/** Counts of windows: of each class how many tokens live how long, and whom they kill. Pure. */
import { NEVER } from '../engine/batch.js'
import { DIMENSION_NAMES, type DimensionName } from '../record/names.js'
import type { TokenClasses } from './classes.js'
import type { InputDeaths } from './deaths.js'

/** What one window counts of one class; [layer], and of ages [layer][age]. */
export interface ClassTally {
  /** The same in all layers. */
  tokens: number
  /** All but the window's first: those that can kill. */
  laterTokens: number
  alive: number[]
  kills: number[]
  /** Tokens that the window lets grow so old, by age. */
  reached: number[]
  aliveAt: number[][]
}

export type WindowTally = Readonly<Record<DimensionName, ReadonlyMap<string, ClassTally>>>

/** @param deaths (layers, n), @param classes (n) */
export function tallyWindow(
  deaths: InputDeaths,
  classes: readonly TokenClasses[],
  ages: readonly number[],
): WindowTally {
  const tally = Object.fromEntries(
    DIMENSION_NAMES.map((name) => [name, new Map<string, ClassTally>()]),
  ) as Record<DimensionName, Map<string, ClassTally>>
  const n = classes.length
  for (const dimension of DIMENSION_NAMES) {
    const found = tally[dimension]
    const of = (at: number): ClassTally => {
      const name = classes[at][dimension]
      const known = found.get(name) ?? emptyTally(deaths.length, ages.length)
      found.set(name, known)
      return known
    }
    for (let j = 0; j < n; j++) {
      const own = of(j)
      own.tokens++
      if (j > 0) own.laterTokens++
      for (const [i, age] of ages.entries()) if (j + age < n) own.reached[i]++
    }
    for (const [layer, times] of deaths.entries()) {
      for (let j = 0; j < n; j++) {
        const own = of(j)
        const death = times[j] === NEVER || times[j] >= n ? Number.POSITIVE_INFINITY : times[j]
        if (death === Number.POSITIVE_INFINITY) own.alive[layer]++
        else of(death).kills[layer]++
        // Alive at age a: query j + a still sees it.
        for (const [i, age] of ages.entries()) if (j + age < n && death > j + age) own.aliveAt[layer][i]++
      }
    }
  }
  return tally
}

function emptyTally(layers: number, ages: number): ClassTally {
  const zeros = (count: number): number[] => new Array<number>(count).fill(0)
  return {
    tokens: 0,
    laterTokens: 0,
    alive: zeros(layers),
    kills: zeros(layers),
    reached: zeros(ages),
    aliveAt: Array.from({ length: layers }, () => zeros(ages)),
  }
}
