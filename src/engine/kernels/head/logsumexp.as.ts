/** Twin of logsumexp.wgsl. A task is a row: its largest logit first, then the sum, so that nothing is scaled on the way. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { exp1, maxLanes } from '../common/simd.as'
import { BLOCK_COLUMNS, isToken, sumLanes64 } from './sums.as'

@unmanaged
class Constants {
  N4: u32
  WORKGROUP: u32
}

/** Rows and a vocabulary slice, as target-logit and divergence take them too. */
@unmanaged
export class Part {
  firstRow: u32
  rows: u32
  /** 0 on the first slice: states start from zero. */
  firstToken: u32
  columns: u32
  targets: u32
}

const LOWEST: f32 = -1e30
/** Below it an exponential would be no normal number. */
const CUT: f32 = -87.3

export function logsumexp(d: Dispatch): void {
  const k = constants<Constants>(d)
  const part = struct<Part>(d, 2)
  const columns = part.columns
  for (let row = take(d); row < d.x; row = take(d)) {
    const logits = at(d, 0) + 16 * row * k.N4
    const top = largest(logits, columns)
    const sum = sumOfExps(logits, columns, top)
    const token = part.firstToken + placeOf(top, logits, columns)
    merge(at(d, 1) + 16 * (part.firstRow + row), part.firstToken === 0, top, sum, token)
  }
}

/** Folds what a slice has into the state: largest logit, sum of exponentials, token. */
function merge(state: usize, anew: bool, top: f32, sum: f64, token: u32): void {
  let high = top
  let mass = sum
  let best = token
  if (!anew) {
    const earlier = load<f32>(state)
    high = max(earlier, top)
    mass = <f64>load<f32>(state, 4) * <f64>exp1(earlier - high) + sum * <f64>exp1(top - high)
    // Tokens of later slices are higher: a tie is the earlier one's.
    if (!(top > earlier)) best = load<u32>(state, 8)
  }
  store<f32>(state, high)
  store<f32>(state, <f32>mass, 4)
  store<u32>(state, best, 8)
  store<f32>(state, 0, 12)
}

/** Four columns, what is no token as low as logits get. */
@inline
function edge(logits: usize, c: u32, columns: u32): v128 {
  return v128.bitselect(v128.load(logits + 4 * c), f32x4.splat(LOWEST), isToken(c, columns))
}

/** Four maxima side by side. A NaN may get lost here, not in the sum. */
function largest(logits: usize, columns: u32): f32 {
  let a = f32x4.splat(LOWEST)
  let b = a
  let e = a
  let f = a
  let c: u32 = 0
  for (; c + 16 <= columns; c += 16) {
    const i = logits + 4 * c
    a = f32x4.pmax(v128.load(i), a)
    b = f32x4.pmax(v128.load(i, 16), b)
    e = f32x4.pmax(v128.load(i, 32), e)
    f = f32x4.pmax(v128.load(i, 48), f)
  }
  for (; c < columns; c += 4) a = f32x4.pmax(edge(logits, c, columns), a)
  return maxLanes(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(e, f)))
}

/** The first column that holds `top`; 0 where none does. */
function placeOf(top: f32, logits: usize, columns: u32): u32 {
  const wanted = f32x4.splat(top)
  for (let c: u32 = 0; c < columns; c += 4) {
    const hits = i32x4.bitmask(v128.and(f32x4.eq(v128.load(logits + 4 * c), wanted), isToken(c, columns)))
    if (hits) return c + ctz(hits)
  }
  return 0
}

@inline
function expOf(v: v128, top: v128): v128 {
  const dead = f32x4.le(v, f32x4.splat(LOWEST))
  return v128.andnot(expDown4(f32x4.sub(v, top), CUT), dead)
}

function sumOfExps(logits: usize, columns: u32, top: f32): f64 {
  const t = f32x4.splat(top)
  let sum: f64 = 0
  for (let first: u32 = 0; first < columns; first += BLOCK_COLUMNS) {
    const end = min(columns, first + BLOCK_COLUMNS)
    let a = f32x4.splat(0)
    let b = a
    let c = first
    for (; c + 8 <= end; c += 8) {
      const i = logits + 4 * c
      a = f32x4.add(a, expOf(v128.load(i), t))
      b = f32x4.add(b, expOf(v128.load(i, 16), t))
    }
    for (; c < end; c += 4) a = f32x4.add(a, expOf(edge(logits, c, columns), t))
    sum += sumLanes64(a, b)
  }
  return sum
}
