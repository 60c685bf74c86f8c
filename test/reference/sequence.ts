import type { Batch } from '../../src/engine/batch.js'

/** Batch rows of each segment's whole sequence, its trunk's rows first: nothing is shared in the twins' eyes. */
export function sequencesOf({ segments }: Pick<Batch, 'segments'>): number[][] {
  const own: number[][] = []
  let row = 0
  for (const { tokens } of segments) own.push(Array.from({ length: tokens.length }, () => row++))
  return segments.map(({ trunk }, index) => [...(trunk === null ? [] : own[trunk]), ...own[index]])
}
