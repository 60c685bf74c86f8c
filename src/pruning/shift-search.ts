/** Finding the shift at which a falling function of it, sparsity, meets a target. Knows nothing of models. */

/** One measurement: the sparsity of `requests` requests at a shift. */
export interface Evaluation {
  shift: number
  requests: number
  sparsity: number
}

export type Measure = (shift: number) => Promise<Evaluation>

/** Evaluations on either side of the target; sparsity falls as the shift grows, so `more` has the smaller shift. */
interface Bracket {
  more: Evaluation | null
  less: Evaluation | null
}

/** Sparsity is brought this near to the one asked for. */
const TOLERANCE = 0.002
/** The whole differs from the larger sample by about this much too: another evaluation would gain nothing. */
const SAMPLE_TOLERANCE = 0.003
/** A small sample is a rough guide to the whole: nearer than this is not worth its evaluations. */
const ROUGH_TOLERANCE = 0.01
/** Evaluations that `refine` may spend. */
const REFINEMENTS = 6
/** Scores beyond this are not met in practice: a shift this far keeps or drops everything. */
const FARTHEST = 1e4
/** Fall of sparsity a unit of shift, where nothing better is known. */
const TYPICAL_SLOPE = -0.12

/** The shift for `target`, found roughly with a cheap measure and then, if there is one, with the one that counts. */
export async function findShift(target: number, rough: Measure, fine: Measure | null): Promise<Evaluation> {
  if (fine === null) return (await bisect(rough, target, TOLERANCE)).best
  const { best, bracket } = await bisect(rough, target, ROUGH_TOLERANCE)
  return refine(fine, target, best.shift, slopeOf(bracket))
}

/** Brackets the target by doubling, then shrinks the bracket until an evaluation is within the tolerance. */
export async function bisect(
  measure: Measure,
  target: number,
  tolerance: number,
): Promise<{ best: Evaluation; bracket: Bracket }> {
  const bracket: Bracket = { more: null, less: null }
  const take = async (shift: number): Promise<Evaluation> => {
    const at = await measure(shift)
    if (at.sparsity > target) bracket.more = at
    else bracket.less = at
    return at
  }
  let best = await take(0)
  const isGood = () => Math.abs(best.sparsity - target) <= tolerance
  for (let step = 1; !isGood() && step < FARTHEST; step *= 2) {
    const { more, less } = bracket
    if (more !== null && less !== null) break
    const end = more ?? less ?? best
    best = nearer(target, best, await take(end.shift + (more === null ? -step : step)))
  }
  for (let i = 0; !isGood() && bracket.more !== null && bracket.less !== null; i++) {
    const { more, less } = bracket
    if (less.shift - more.shift <= 1e-3) break
    // A straight line is near on smooth curves; the middle every other time bounds the search on those that jump.
    const at = i % 2 === 0 ? between(more, less, target) : (more.shift + less.shift) / 2
    best = nearer(target, best, await take(at))
  }
  return { best, bracket }
}

/** Where a straight line between the bracket's ends meets the target, kept off the ends: a bracket always shrinks. */
function between(more: Evaluation, less: Evaluation, target: number): number {
  const share = (more.sparsity - target) / Math.max(1e-12, more.sparsity - less.sparsity)
  return more.shift + Math.min(0.9, Math.max(0.1, share)) * (less.shift - more.shift)
}

function slopeOf({ more, less }: Bracket): number {
  if (more === null || less === null) return TYPICAL_SLOPE
  return Math.min(-0.01, (less.sparsity - more.sparsity) / (less.shift - more.shift))
}

/** From a shift that is nearly right to one that is: secant steps, the nearest evaluation wins. */
export async function refine(
  measure: Measure,
  target: number,
  start: number,
  slope = TYPICAL_SLOPE,
): Promise<Evaluation> {
  let previous = await measure(start)
  let best = previous
  for (let i = 1; i < REFINEMENTS && Math.abs(best.sparsity - target) > SAMPLE_TOLERANCE; i++) {
    const step = Math.max(-1, Math.min(1, (target - previous.sparsity) / slope))
    const next = await measure(previous.shift + step)
    const measured = (next.sparsity - previous.sparsity) / step
    if (measured < 0) slope = measured
    previous = next
    best = nearer(target, best, next)
  }
  return best
}

function nearer(target: number, a: Evaluation, b: Evaluation): Evaluation {
  return Math.abs(b.sparsity - target) < Math.abs(a.sparsity - target) ? b : a
}
