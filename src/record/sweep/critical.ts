/**
 * How small a KV footprint lets a policy keep a share of what the dense model scores (docs/sweep.md, The critical footprint): for each
 * quality of a sweep and each policy, read off its measured points, with an interval over documents or windows. Pure.
 */
import type { PplRecord } from '../ppl/schema.js'
import { type Rated, RESAMPLES, suiteQualities, textQuality } from './critical-qualities.js'
import { isWhole } from './qualities.js'
import type { CriticalFootprint, SweepCell, SweepCritical } from './schema.js'

/** Shares of the dense score that are asked about. */
export const KEPT_SHARES = [0.9, 0.95, 0.99] as const

/** A point of a policy. */
export interface KeptPoint {
  footprint: number
  /** Of what the dense model scores; 1 is as good. */
  kept: number
}

/**
 * From the dense model's point (1, 1) down to ever smaller footprints, until one keeps less than `share`: there, by the straight line
 * from the point before. So every measured footprint above keeps it too. Without such a point it is at most the smallest.
 */
export function criticalFootprint(
  points: readonly KeptPoint[],
  share: number,
): Pick<CriticalFootprint, 'footprint' | 'at_most'> {
  let above: KeptPoint = { footprint: 1, kept: 1 }
  for (const point of points.toSorted((a, b) => b.footprint - a.footprint || b.kept - a.kept)) {
    if (point.kept < share) {
      const part = (share - point.kept) / (above.kept - point.kept)
      return { footprint: point.footprint + part * (above.footprint - point.footprint), at_most: false }
    }
    above = point
  }
  return { footprint: above.footprint, at_most: true }
}

/** Empty without a dense cell, which all is a share of. */
export function sweepCritical(cells: readonly SweepCell[], ppl: PplRecord | null): SweepCritical[] {
  const whole = cells.filter((cell) => isWhole(cell.eval))
  const suites = whole[0]?.policy === 'dense' && whole.length > 1 ? suiteQualities(whole) : []
  const texts = (ppl?.contexts ?? [])
    .toSorted((a, b) => b.ctx - a.ctx)
    .flatMap(({ ctx }) => textQuality(cells, ppl, ctx) ?? [])
  return [...suites, ...texts].map(judged)
}

function judged(rated: Rated): SweepCritical {
  const { quality, chance, dense, cells } = rated
  const head = { quality, chance, dense: dense.value }
  if (chance !== null && dense.low <= chance) {
    const [value, low, by] = [dense.value, dense.low, chance].map((one) => one.toFixed(3))
    const reason = `the dense model scores ${value}, interval from ${low}, which reaches down to chance, ${by}: what a policy keeps of it proves nothing`
    return { ...head, reason, policies: [] }
  }
  const policies = [...new Set(cells.slice(1).map(({ policy }) => policy))]
  return { ...head, reason: null, policies: policies.map((policy) => policyFootprints(rated, policy)) }
}

function policyFootprints(rated: Rated, policy: string): SweepCritical['policies'][number] {
  const { cells, footprints, chance, values, replicates } = rated
  const own = [...cells.keys()].filter((i) => i > 0 && cells[i].policy === policy)
  const pointsOf = (of: (cell: number) => number): KeptPoint[] =>
    own.map((i) => ({ footprint: footprints[i], kept: keptShare(of(i), of(0), chance) }))
  const points = pointsOf((i) => values[i])
  return {
    policy,
    points: own.map((i, k) => ({ cell: cells[i].id, ...points[k] })),
    critical: KEPT_SHARES.map((share) => ({
      kept: share,
      ...criticalFootprint(points, share),
      ...percentiles(
        replicates &&
          Float64Array.from({ length: RESAMPLES }, (_, r) =>
            // A draw of which the dense model knows nothing keeps nothing.
            chance !== null && replicates[0][r] <= chance
              ? 1
              : criticalFootprint(
                  pointsOf((i) => replicates[i][r]),
                  share,
                ).footprint,
          ),
      ),
    })),
  }
}

/** Above chance, where there is one; of log-probabilities, dense perplexity / own. */
const keptShare = (value: number, dense: number, chance: number | null): number =>
  chance === null ? Math.exp(value - dense) : (value - chance) / (dense - chance)

function percentiles(values: Float64Array | null): Pick<CriticalFootprint, 'low' | 'high'> {
  if (values === null) return { low: null, high: null }
  const sorted = values.toSorted()
  const at = (p: number): number => sorted[Math.round(p * (sorted.length + 1)) - 1]
  return { low: at(0.025), high: at(0.975) }
}
