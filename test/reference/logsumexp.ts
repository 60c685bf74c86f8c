export interface RowSummary {
  /** log sum exp of the row. */
  logsumexp: number
  /** The lowest token with the largest logit. */
  best: number
}

/** Plain-loop twin of logsumexp.wgsl over a whole row of logits. */
export function logsumexpReference(row: ArrayLike<number>): RowSummary {
  let best = 0
  for (let v = 1; v < row.length; v++) if (row[v] > row[best]) best = v
  let sum = 0
  for (let v = 0; v < row.length; v++) sum += Math.exp(row[v] - row[best])
  return { logsumexp: row[best] + Math.log(sum), best }
}
