/** The Pareto frontier of points whose figures are uncertain: who dominates whom, and by how much it takes. Pure. */
import { median, medianInterval, sum, Z95 } from '../../stats/basics.js'

/** How far one point is ahead of another in one objective; above 0 it is better. */
export interface Lead {
  value: number
  /** Lower end of the 95 % interval of the paired difference; -Infinity where there is too little to tell. */
  low: number
}

/** Lead of point `a` over point `b`. */
export type Objective = (a: number, b: number) => Lead

export interface Standing {
  dominated_by: number[]
  within_noise_of: number[]
}

/**
 * A point dominates another when its figures are at least as good in every objective and its lead in one of them is beyond
 * what its interval allows. Where no lead is, the other is within noise of it. No two points can dominate each other, as one
 * would have to be better in the figures.
 */
export function standings(points: number, objectives: readonly Objective[]): Standing[] {
  const all = Array.from({ length: points }, (_, i) => i)
  return all.map((b) => {
    const ahead = all.flatMap((a) => {
      const leads = a === b ? [] : objectives.map((lead) => lead(a, b))
      const better = leads.every(({ value }) => value >= 0) && leads.some(({ value }) => value > 0)
      return better ? [{ a, sure: leads.some(({ low }) => low > 0) }] : []
    })
    const of = (sure: boolean): number[] => ahead.filter((one) => one.sure === sure).map(({ a }) => a)
    return { dominated_by: of(true), within_noise_of: of(false) }
  })
}

/** Of figures that are counted, not sampled: any difference is one. */
export function exactLead(difference: number): Lead {
  return { value: difference, low: difference }
}

/**
 * Sum of paired differences over the sum of units, as a mean over documents (all units 1) or of losses over windows of so
 * many tokens; normal interval, documents or windows as what is sampled:
 * stderr = sqrt(n / (n - 1) * sum over i of (d_i - mean * u_i)^2) / sum of u.
 */
export function pairedLead(differences: readonly number[], units?: readonly number[]): Lead {
  const { mean, stderr } = pairedMean(differences, units)
  return { value: mean, low: stderr === null ? Number.NEGATIVE_INFINITY : mean - Z95 * stderr }
}

/** Null as the standard error with fewer than two pairs. */
export function pairedMean(
  differences: readonly number[],
  units: readonly number[] = differences.map(() => 1),
): { mean: number; stderr: number | null } {
  const n = differences.length
  const all = sum(units)
  const mean = sum(differences) / all
  const squares = sum(differences.map((difference, i) => (difference - mean * units[i]) ** 2))
  return { mean, stderr: n < 2 ? null : Math.sqrt((n / (n - 1)) * squares) / all }
}

/** Mean of leads that are independent of each other, such as those of several suites. */
export function meanLead(parts: readonly { mean: number; stderr: number | null }[]): Lead {
  const k = parts.length
  const mean = sum(parts.map((part) => part.mean)) / k
  const errors = parts.flatMap(({ stderr }) => (stderr === null ? [] : [stderr ** 2]))
  const low = mean - (Z95 * Math.sqrt(sum(errors))) / k
  return { value: mean, low: errors.length < k ? Number.NEGATIVE_INFINITY : low }
}

/**
 * Of times taken in turns: median over rounds of the logarithm of the other's time over one's own, with the interval of
 * order statistics. Five rounds cannot give an interval of 95 %, six can.
 */
export function pacedLead(own: readonly number[], other: readonly number[]): Lead {
  const ratios = own.map((seconds, i) => Math.log(other[i] / seconds))
  const { low, enough } = medianInterval(ratios)
  return { value: median(ratios), low: enough ? low : Number.NEGATIVE_INFINITY }
}
