/**
 * Twin of alpha-sigmoid.wgsl, four numbers at a time (docs/method.md, Alpha-sigmoid): the p in [0, 1] with
 *   p^a - (1-p)^a = a x,  a = alpha - 1.
 * 0 at a x <= -1, 1 at a x >= 1, 1/2 at x = 0, and p(-x) = 1 - p(x); alpha = 1 is the logistic sigmoid. What
 * is solved for is the tail t = 1 - p(|x|) <= 1/2, so that log p keeps its precision near p = 1. alpha is the
 * same for all lanes, so a branch on it costs nothing.
 */
import { log4 } from '../common/log.as'
import { exp4, madd } from '../common/simd.as'

/** Log of nothing, as in the shader: stands for minus infinity. */
export const GONE: f32 = -1e30
/** Below this a the logistic sigmoid is as near as f32 comes. */
const NEARLY_1: f32 = 1e-5
/** alpha > 2: p below this counts as 0 (the edge of the band). */
const SMALLEST: f32 = 1e-6
const STEPS = 4

/** What `alphaSigmoid` has found: p, 1 - p computed without the subtraction, and log p, GONE at p = 0. */
export let asigP: v128 = i32x4(0, 0, 0, 0)
export let asigQ: v128 = i32x4(0, 0, 0, 0)
export let asigLogP: v128 = i32x4(0, 0, 0, 0)

/** 1 + y c, the step of a nested polynomial. */
@inline
function nest(y: v128, c: v128): v128 {
  return madd(y, c, f32x4.splat(1))
}

/** log(1 - t) for 0 <= t < 1, precise for small t too. */
function log1Minus(t: v128): v128 {
  const far = log4(f32x4.sub(f32x4.splat(1), t))
  let p = madd(t, f32x4.splat(1.0 / 6.0), f32x4.splat(1.0 / 5.0))
  p = madd(t, p, f32x4.splat(1.0 / 4.0))
  p = madd(t, p, f32x4.splat(1.0 / 3.0))
  p = madd(t, p, f32x4.splat(1.0 / 2.0))
  const near = f32x4.neg(f32x4.mul(t, nest(t, p)))
  return v128.bitselect(far, near, f32x4.ge(t, f32x4.splat(0.1)))
}

/** 1 - exp(-y) for y >= 0, precise for small y too. */
function oneMinusExp(y: v128): v128 {
  const far = f32x4.sub(f32x4.splat(1), exp4(f32x4.neg(y)))
  let p = madd(y, f32x4.splat(-1.0 / 120.0), f32x4.splat(1.0 / 24.0))
  p = madd(y, f32x4.neg(p), f32x4.splat(1.0 / 6.0))
  p = madd(y, f32x4.neg(p), f32x4.splat(1.0 / 2.0))
  const near = f32x4.mul(y, nest(y, f32x4.neg(p)))
  return v128.bitselect(far, near, f32x4.ge(y, f32x4.splat(0.1)))
}

/** log t for 0 <= t, finite at 0. */
@inline
function logOfTail(t: v128): v128 {
  return log4(f32x4.max(t, f32x4.splat(1e-37)))
}

/** t^e for 0 <= t <= 1/2; 0 at t = 0, whatever the exponent. */
@inline
function tailPower(t: v128, e: v128): v128 {
  return v128.and(exp4(f32x4.mul(e, logOfTail(t))), f32x4.gt(t, f32x4.splat(0)))
}

/**
 * The logit z >= 0 of p = 1 / (1 + exp(-z)) for 1 <= alpha < 2: Newton on F(z) = (1 - exp(-a z)) p^a / a =
 * |x|, from below, where F is concave. There is no cancellation as a -> 0, where F(z) -> z.
 */
function logitBelow2(x: v128, alpha: f32): v128 {
  const a1 = alpha - 1
  if (a1 < NEARLY_1) return x
  const a = f32x4.splat(a1)
  const minusA = f32x4.splat(-a1)
  let z = f32x4.div(f32x4.neg(log1Minus(f32x4.mul(a, x))), a)
  for (let i = 0; i < STEPS; i++) {
    const e = exp4(f32x4.neg(z))
    const more = f32x4.add(f32x4.splat(1), e)
    const s = f32x4.neg(log1Minus(f32x4.div(e, more))) // log(1 + e)
    const pA = exp4(f32x4.mul(minusA, s))
    const qA = exp4(f32x4.mul(minusA, f32x4.add(s, z)))
    const slope = f32x4.div(madd(pA, e, qA), more)
    const value = f32x4.div(f32x4.mul(oneMinusExp(f32x4.mul(a, z)), pA), a)
    z = f32x4.add(z, f32x4.div(f32x4.sub(x, value), slope))
  }
  return z
}

/** The tail for alpha > 2, by u = 1 - a |x|: Newton on  1 - (1-t)^a + t^a = u, from above. */
function tailAbove2(u: v128, alpha: f32): v128 {
  const a1 = alpha - 1
  const a = f32x4.splat(a1)
  const lower = f32x4.splat(a1 - 1)
  const zero = f32x4.splat(0)
  const half = f32x4.splat(0.5)
  const rest = f32x4.max(f32x4.sub(f32x4.splat(1), u), f32x4.splat(1e-37))
  const start = f32x4.min(half, oneMinusExp(f32x4.div(f32x4.neg(log4(rest)), a)))
  let t = v128.bitselect(start, half, f32x4.lt(u, f32x4.splat(1)))
  for (let i = 0; i < STEPS; i++) {
    const logRest = log1Minus(t)
    const power = tailPower(t, lower)
    const slope = f32x4.mul(a, f32x4.add(exp4(f32x4.mul(lower, logRest)), power))
    const value = f32x4.sub(madd(t, power, oneMinusExp(f32x4.neg(f32x4.mul(a, logRest)))), u)
    t = f32x4.sub(t, f32x4.div(value, f32x4.max(slope, f32x4.splat(1e-30))))
    t = f32x4.min(f32x4.max(t, zero), half)
  }
  return t
}

/** alpha = 1.5. */
@inline
function tailOneAndAHalf(x: v128, u: v128): v128 {
  const root = f32x4.sqrt(f32x4.sub(f32x4.splat(8), f32x4.mul(x, x)))
  const y = f32x4.mul(f32x4.mul(f32x4.splat(0.25), x), root)
  const v = f32x4.mul(u, f32x4.add(f32x4.splat(2), x))
  return f32x4.div(f32x4.mul(v, v), f32x4.mul(f32x4.splat(8), f32x4.add(f32x4.splat(1), y)))
}

/**
 * alpha = 4: 1/2 - sinh(asinh(2 (1 - u)) / 3), and one Newton step for what subtraction costs it near the
 * edge.
 */
@inline
function tailFour(u: v128): v128 {
  const one = f32x4.splat(1)
  const y = f32x4.mul(f32x4.splat(2), f32x4.sub(one, u))
  const third = f32x4.mul(log4(f32x4.add(y, f32x4.sqrt(madd(y, y, one)))), f32x4.splat(1.0 / 3.0))
  const e = exp4(third)
  const sinh = f32x4.mul(f32x4.splat(0.5), f32x4.sub(e, f32x4.div(one, e)))
  const t = f32x4.sub(f32x4.splat(0.5), sinh)
  const rest = f32x4.sub(one, t)
  const three = f32x4.splat(3)
  const cubic = f32x4.mul(t, f32x4.sub(three, f32x4.mul(t, madd(f32x4.splat(-2), t, three))))
  const slope = f32x4.sub(three, f32x4.mul(f32x4.mul(f32x4.splat(6), t), rest))
  return f32x4.sub(t, f32x4.div(f32x4.sub(cubic, u), slope))
}

/** Tail of the lanes at hand and its log, by u = 1 - a |x|; of no use where u <= 0. */
let tail: v128 = i32x4(0, 0, 0, 0)
let logTail: v128 = i32x4(0, 0, 0, 0)

function findTail(x: v128, u: v128, alpha: f32): void {
  const closed = alpha == 1.5 || alpha == 2 || alpha == 3 || alpha == 4
  if (!closed && alpha < 2) {
    const z = logitBelow2(x, alpha)
    const e = exp4(f32x4.neg(z))
    tail = f32x4.div(e, f32x4.add(f32x4.splat(1), e))
    logTail = f32x4.sub(log1Minus(tail), z)
    return
  }
  if (!closed) tail = tailAbove2(u, alpha)
  else if (alpha == 1.5) tail = tailOneAndAHalf(x, u)
  else if (alpha == 4) tail = tailFour(u)
  else tail = f32x4.mul(f32x4.splat(0.5), u)
  logTail = logOfTail(tail)
}

/** p, q and log p of each lane of `x`, into `asigP`, `asigQ` and `asigLogP`. */
export function alphaSigmoid(x: v128, alpha: f32): void {
  const zero = f32x4.splat(0)
  const one = f32x4.splat(1)
  const gone = f32x4.splat(GONE)
  const size = f32x4.abs(x)
  const u = f32x4.sub(one, f32x4.mul(f32x4.splat(alpha - 1), size))
  const outside = f32x4.le(u, zero)
  const keeps = f32x4.ge(x, zero)
  if (i32x4.all_true(outside)) {
    asigP = v128.and(one, keeps)
    asigQ = v128.andnot(one, keeps)
    asigLogP = v128.andnot(gone, keeps)
    return
  }
  findTail(size, u, alpha)
  // Of the lanes outside the band the tail is 0; so is, for alpha > 2, what is left at its lower edge.
  let gones = outside
  if (alpha > 2) gones = v128.or(gones, f32x4.lt(tail, f32x4.splat(SMALLEST)))
  const t = v128.andnot(tail, v128.bitselect(outside, gones, keeps))
  const rest = f32x4.sub(one, t)
  asigP = v128.bitselect(rest, t, keeps)
  asigQ = v128.bitselect(t, rest, keeps)
  asigLogP = v128.bitselect(log1Minus(t), v128.bitselect(gone, logTail, gones), keeps)
}

/**
 * d log p / dx = 1 / (p^a + p q^(a-1)) of what `alphaSigmoid` has found, 0 at p = 0 and p = 1; dp/dx is
 * p times it.
 */
export function alphaSigmoidRho(alpha: f32): v128 {
  const zero = f32x4.splat(0)
  const p = asigP
  const q = asigQ
  const a = alpha - 1
  const pA = exp4(f32x4.mul(f32x4.splat(a), logOfTail(p)))
  const qA = exp4(f32x4.mul(f32x4.splat(a - 1), logOfTail(q)))
  const rho = f32x4.div(f32x4.splat(1), madd(p, qA, pA))
  return v128.andnot(rho, v128.or(f32x4.le(p, zero), f32x4.le(q, zero)))
}
