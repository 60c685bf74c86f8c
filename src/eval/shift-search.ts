/** Finding the shift at which a falling function of it, sparsity, meets a target. Knows nothing of models. */

/** One measurement: the sparsity of `requests` requests at a shift. */
export interface Evaluation {
  shift: number
  requests: number
  sparsity: number
}

export type Measure = (shift: number) => Promise<Evaluation>

/** Sparsity is brought this near to the one asked for. */
const TOLERANCE = 0.002
/** Evaluations that `refine` may spend. */
const REFINEMENTS = 6
/** Scores beyond this are not met in practice: a shift this far keeps or drops everything. */
const FARTHEST = 1e4

/** Sparsity falls as the shift grows. Brackets `target` by doubling, then halves the bracket. */
export async function bisect(measure: Measure, target: number): Promise<Evaluation> {
  let at = await measure(0)
  let low: Evaluation | null = null
  let high: Evaluation | null = null
  let best = at
  for (let step = 1; ; step *= 2) {
    if (at.sparsity > target) low = at
    else high = at
    if (Math.abs(at.sparsity - target) < Math.abs(best.sparsity - target)) best = at
    if ((low !== null && high !== null) || Math.abs(at.shift) > FARTHEST) break
    if (Math.abs(at.sparsity - target) <= TOLERANCE) return at
    at = await measure(at.shift + (low !== null ? step : -step))
  }
  if (low === null || high === null) return best
  while (high.shift - low.shift > 1e-3 && Math.abs(best.sparsity - target) > 2 * TOLERANCE) {
    at = await measure(between(low, high, target))
    if (at.sparsity > target) low = at
    else high = at
    if (Math.abs(at.sparsity - target) < Math.abs(best.sparsity - target)) best = at
  }
  return best
}

/** Where a straight line between the bracket's ends meets the target, kept off the ends: a bracket always shrinks. */
function between(low: Evaluation, high: Evaluation, target: number): number {
  const share = (low.sparsity - target) / Math.max(1e-12, low.sparsity - high.sparsity)
  return low.shift + Math.min(0.9, Math.max(0.1, share)) * (high.shift - low.shift)
}

/** From a shift that is right for a small sample to one for the whole: secant steps, nearest evaluation wins. */
export async function refine(measure: Measure, target: number, start: Evaluation): Promise<Evaluation> {
  let previous = await measure(start.shift)
  let best = previous
  // Until two evaluations tell the slope: sparsity falls by some 0.12 a unit of shift where it is neither 0 nor 1.
  let slope = -0.12
  for (let i = 1; i < REFINEMENTS && Math.abs(best.sparsity - target) > TOLERANCE; i++) {
    const step = Math.max(-1, Math.min(1, (target - previous.sparsity) / slope))
    const next = await measure(previous.shift + step)
    const measured = (next.sparsity - previous.sparsity) / step
    if (measured < 0) slope = measured
    previous = next
    if (Math.abs(next.sparsity - target) < Math.abs(best.sparsity - target)) best = next
  }
  return best
}
