/** Plain-loop twin of selective-mask.wgsl, from the definition (docs/method.md, Selective attention). */
import { NEVER } from '../../src/engine/batch.js'

export interface Selected {
  /** [sequence][query n + key]: -F, minus infinity once the key is dropped; 0 where key >= query. */
  masks: Float64Array[]
  /** (keys): death times, one sequence after another. */
  deaths: Uint32Array
  /** The smallest distance of an F from the threshold: below some 1e-5 a float32 run may decide differently. */
  margin: number
}

export interface SelectionOptions {
  r: number
  scale: number
  /** Of F. */
  threshold: number
  /** Of each sequence, the first query that selects nothing away any more. */
  frozenFrom?: readonly (number | undefined)[]
}

/**
 * @param scores (rows, 2 r): queries, then keys, of the first head
 */
export function selectiveMaskReference(
  scores: ArrayLike<number>,
  sequences: readonly (readonly number[])[],
  { r, scale, threshold, frozenFrom = [] }: SelectionOptions,
): Selected {
  const deaths: number[] = []
  let margin = Number.POSITIVE_INFINITY
  const score = (query: number, key: number): number => {
    let dot = 0
    for (let c = 0; c < r; c++) dot += scores[query * 2 * r + c] * scores[key * 2 * r + r + c]
    return scale * dot
  }
  const masks = sequences.map((rows, i) => {
    const n = rows.length
    const mask = new Float64Array(n * n)
    for (let j = 0; j < n; j++) {
      let [selected, death] = [0, NEVER]
      for (let k = j + 1; k < n; k++) {
        if (j > 0 && death === NEVER && k <= (frozenFrom[i] ?? n)) {
          margin = Math.min(margin, Math.abs(selected - threshold))
          if (selected >= threshold) death = k
        }
        mask[k * n + j] = death === NEVER ? 0 - selected : Number.NEGATIVE_INFINITY
        if (j > 0) selected += Math.max(0, score(rows[k], rows[j]))
      }
      deaths.push(death)
    }
    return mask
  })
  return { masks, deaths: Uint32Array.from(deaths), margin }
}
