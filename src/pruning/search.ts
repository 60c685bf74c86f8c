/**
 * Finding the shift at which a falling function of it, sparsity, meets a target. Sparsity is close to a straight line in log-odds over
 * the shift, and what was measured for one target leads to the next. Knows nothing of models.
 */

/** One measurement: the sparsity of `requests` requests at a shift. */
export interface Evaluation {
  shift: number
  requests: number
  sparsity: number
}

export type Measure = (shift: number) => Promise<Evaluation>

export interface SearchOptions {
  /** What the same measure gave before. */
  known?: readonly Evaluation[]
  /** Where to begin when nothing is known. */
  start?: number
  /** How near to the target is near enough. */
  tolerance?: number
}

/** A sample differs from the whole by as much: another evaluation would gain nothing. */
const TOLERANCE = 0.003
/** Where a curve jumps over the target, the search ends with a bracket as narrow as this. */
const NARROWEST = 1e-3
/** Scores beyond this are not met in practice: a shift this far keeps or drops everything. */
const FARTHEST = 1e4
/** Fall of the log-odds a unit of shift, where nothing better is known. */
const TYPICAL_SLOPE = -0.7

/** What is nearest to a target on either side; sparsity falls as the shift grows, so `more` has the smaller shift. */
interface Neighbours {
  more: Evaluation[]
  less: Evaluation[]
}

/** The nearest evaluation, known or new; beyond the tolerance only where the target is out of reach or jumped over. */
export async function searchShift(
  measure: Measure,
  target: number,
  { known = [], start = 0, tolerance = TOLERANCE }: SearchOptions = {},
): Promise<Evaluation> {
  const all = known.length > 0 ? [...known] : [await measure(start)]
  for (let turn = 1; ; turn++) {
    const best = all.reduce((a, b) => (Math.abs(b.sparsity - target) < Math.abs(a.sparsity - target) ? b : a))
    if (Math.abs(best.sparsity - target) <= tolerance) return best
    const next = nextShift(neighbours(all, target), target, turn)
    if (next === null) return best
    all.push(await measure(next))
  }
}

/** Nearest first. */
function neighbours(all: readonly Evaluation[], target: number): Neighbours {
  return {
    more: all.filter(({ sparsity }) => sparsity > target).sort((a, b) => b.shift - a.shift),
    less: all.filter(({ sparsity }) => sparsity <= target).sort((a, b) => a.shift - b.shift),
  }
}

/** Null when another measurement could tell nothing new. */
function nextShift({ more, less }: Neighbours, target: number, turn: number): number | null {
  if (more.length > 0 && less.length > 0) return between(more[0], less[0], target, turn)
  const side = more.length > 0 ? more : less
  const [nearest, second] = side
  const slope = second === undefined ? TYPICAL_SLOPE : slopeOf(nearest, second)
  const wanted = Math.abs((logOdds(target) - logOdds(nearest.sparsity)) / slope)
  // Outwards the step grows in the end, whatever the line says: the curve may be flat here.
  const step = Math.min(2 ** (turn + 1), Math.max(2 ** (turn - 8), wanted))
  const shift = nearest.shift + (side === more ? step : -step)
  return Math.abs(shift) > FARTHEST ? null : shift
}

/** Where a straight line in log-odds meets the target; the middle now and then bounds the search on jumps. */
function between(more: Evaluation, less: Evaluation, target: number, turn: number): number | null {
  const width = less.shift - more.shift
  if (width <= NARROWEST) return null
  const [high, low] = [logOdds(more.sparsity), logOdds(less.sparsity)]
  const share = turn > 3 && turn % 3 === 0 ? 0.5 : (high - logOdds(target)) / (high - low)
  return more.shift + Math.min(0.95, Math.max(0.05, share)) * width
}

function slopeOf(a: Evaluation, b: Evaluation): number {
  return Math.min(-0.05, (logOdds(b.sparsity) - logOdds(a.sparsity)) / (b.shift - a.shift))
}

/** Finite at 0 and 1 too. */
function logOdds(share: number): number {
  const inside = Math.min(1 - 1e-4, Math.max(1e-4, share))
  return Math.log(inside / (1 - inside))
}
