/**
 * Bootstrap of several figures over the same units at once: each resample draws units, and every figure, a ratio of sums, is computed of
 * the same draw, so that figures compared within a resample are paired. Seeded. Pure.
 */
import { seededRandom } from './bootstrap.js'

export interface UnitColumns {
  /** Of each figure, a value by unit. */
  columns: readonly (readonly number[])[]
  /** What the values of a unit are spread over: 1 a document, or words, or tokens. */
  weights: readonly number[]
}

/**
 * [figure][resample]: sum of values over sum of weights. Units that are alike in all figures count as one kind, of which there are few
 * where values are right or wrong.
 */
export function pairedReplicates(
  { columns, weights }: UnitColumns,
  { resamples, seed }: { resamples: number; seed: number },
): Float64Array[] {
  const n = weights.length
  const { kindOf, firsts } = kinds({ columns, weights })
  const random = seededRandom(seed)
  const replicates = columns.map(() => new Float64Array(resamples))
  const drawn = new Uint32Array(firsts.length)
  for (let r = 0; r < resamples; r++) {
    drawn.fill(0)
    for (let i = 0; i < n; i++) drawn[kindOf[Math.floor(random() * n)]]++
    const over = weightedSum(drawn, weights, firsts)
    for (const [c, column] of columns.entries()) replicates[c][r] = weightedSum(drawn, column, firsts) / over
  }
  return replicates
}

/** Of each unit its kind, and of each kind the first unit. */
function kinds({ columns, weights }: UnitColumns): { kindOf: Uint32Array; firsts: number[] } {
  const known = new Map<string, number>()
  const firsts: number[] = []
  const kindOf = Uint32Array.from(weights, (weight, unit) => {
    const key = `${columns.map((column) => column[unit]).join()}/${weight}`
    const kind = known.get(key) ?? known.size
    if (kind === known.size) {
      known.set(key, kind)
      firsts.push(unit)
    }
    return kind
  })
  return { kindOf, firsts }
}

function weightedSum(drawn: Uint32Array, values: readonly number[], firsts: readonly number[]): number {
  let total = 0
  for (let kind = 0; kind < firsts.length; kind++) total += drawn[kind] * values[firsts[kind]]
  return total
}
