import { NEVER } from '../../src/engine/batch.js'

export interface DropTimes {
  /** (keys): the death times of every sequence, one sequence after another. */
  deaths: Uint32Array
  /** The smallest |x|: below some 1e-5 a float32 run may decide differently. */
  margin: number
}

/**
 * Plain-loop twin of drop-times.wgsl, from the definition (docs/method.md, Death times):
 * t_j = min { k > j + grace : dot(Qi[k], Ki[j]) / sqrt(r) + beta <= 0 }, then no later than in the layer before; NEVER where that is the
 * position from which a sequence is frozen, or a later one.
 * @param scores (rows, 2 r)
 * @param earlier death times of the layer before, when a drop lasts in all later layers
 * @param frozenFrom by sequence; undefined where it is not frozen
 */
export function dropTimesReference(
  scores: ArrayLike<number>,
  sequences: readonly (readonly number[])[],
  {
    r,
    beta,
    grace = 0,
    earlier,
    frozenFrom = [],
  }: {
    r: number
    beta: number
    grace?: number
    earlier?: Uint32Array
    frozenFrom?: readonly (number | undefined)[]
  },
): DropTimes {
  const deaths: number[] = []
  let margin = Number.POSITIVE_INFINITY
  for (const [i, rows] of sequences.entries()) {
    for (let j = 0; j < rows.length; j++) {
      let death = NEVER
      for (let k = rows.length - 1; k > j + grace; k--) {
        let dot = 0
        for (let c = 0; c < r; c++) dot += scores[rows[k] * 2 * r + c] * scores[rows[j] * 2 * r + r + c]
        const x = dot / Math.sqrt(r) + beta
        margin = Math.min(margin, Math.abs(x))
        if (x <= 0) death = k
      }
      const own = death < (frozenFrom[i] ?? NEVER) ? death : NEVER
      deaths.push(Math.min(own, earlier?.[deaths.length] ?? NEVER))
    }
  }
  return { deaths: Uint32Array.from(deaths), margin }
}
