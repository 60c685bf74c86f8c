/**
 * Weights of attention as checkpoints have them -> with heads of the width that kernels know (P of config.ts), zeros past D. So
 * queries and keys have zeros there, which add nothing to scores, and what values have there meets rows of zeros.
 */

/** Every run of `from` numbers becomes one of `to`, its end zeros; the same array where runs are as long as they should be. */
export function padRuns<T extends Float32Array | Uint16Array>(values: T, from: number, to: number): T {
  if (from === to) return values
  const runs = values.length / from
  const padded = (
    values instanceof Float32Array ? new Float32Array(runs * to) : new Uint16Array(runs * to)
  ) as T
  for (let run = 0; run < runs; run++) {
    padded.set(values.subarray(run * from, (run + 1) * from) as Float32Array & Uint16Array, run * to)
  }
  return padded
}
