/** The alpha-sigmoid on the host, in float64 (docs/method.md, Alpha-sigmoid): what alpha-sigmoid.wgsl computes in float32. */

/** A value of the alpha-sigmoid: how much of a key one query keeps. */
export interface AlphaSigmoid {
  p: number
  /** 1 - p, by itself, not by subtraction. */
  q: number
  /** log p; minus infinity at p = 0. */
  logP: number
}

/** For alpha > 2, p below this counts as 0: the edge of the band. */
const SMALLEST = 1e-6
const NEARLY_1 = 1e-9
const KEEPS: AlphaSigmoid = { p: 1, q: 0, logP: 0 }
const DROPS: AlphaSigmoid = { p: 0, q: 1, logP: Number.NEGATIVE_INFINITY }

/**
 * The p in [0, 1] with p^a - (1 - p)^a = a x, a = alpha - 1: 0 at a x <= -1, 1 at a x >= 1. `alpha` from 1, the
 * logistic sigmoid, to Infinity, the step that keeps at x > 0. Throws RangeError for any other alpha.
 */
export function alphaSigmoid(x: number, alpha: number): AlphaSigmoid {
  if (!(alpha >= 1)) throw new RangeError(`alpha-sigmoid: alpha must be at least 1, got ${alpha}`)
  if (alpha === Number.POSITIVE_INFINITY) return x > 0 ? KEEPS : DROPS
  const a = alpha - 1
  const size = Math.abs(x)
  if (a * size >= 1) return x > 0 ? KEEPS : DROPS
  const { tail, log } = alpha > 2 ? tailAbove2(size, a) : tailUpTo2(size, a)
  if (x >= 0) return { p: 1 - tail, q: tail, logP: Math.log1p(-tail) }
  if (alpha > 2 && tail < SMALLEST) return DROPS
  return { p: tail, q: 1 - tail, logP: log }
}

/** d log p / dx = 1 / (p^a + p q^(a-1)), 0 at p = 0 and p = 1; dp/dx is p times it. */
export function alphaSigmoidRho({ p, q }: AlphaSigmoid, alpha: number): number {
  if (p === 0 || q === 0) return 0
  return 1 / (p ** (alpha - 1) + p * q ** (alpha - 2))
}

/** 1 - p at x = `size` >= 0, and its log, which may be of a tail too small for a float. */
interface Tail {
  tail: number
  log: number
}

/** Newton in the logit z on F(z) = (1 - e^(-a z)) (1 + e^(-z))^(-a) / a = |x|, concave, from a lower bound. */
function tailUpTo2(size: number, a: number): Tail {
  let z = a < NEARLY_1 ? size : -Math.log1p(-a * size) / a
  for (let step = 1, i = 0; a >= NEARLY_1 && Math.abs(step) > 1e-14 * z && i < 50; i++) {
    const s = Math.log1p(Math.exp(-z))
    const [pa, qa] = [Math.exp(-a * s), Math.exp(-a * (s + z))]
    const p = Math.exp(-s)
    step = (size + (Math.expm1(-a * z) * pa) / a) / (pa * (1 - p) + qa * p)
    z += step
  }
  const log = -z - Math.log1p(Math.exp(-z))
  return { tail: Math.exp(log), log }
}

/** Newton in the tail t on 1 - (1 - t)^a + t^a = 1 - a |x|, from an upper bound. */
function tailAbove2(size: number, a: number): Tail {
  const u = 1 - a * size
  let t = Math.min(0.5, -Math.expm1(Math.log(a * size) / a))
  for (let step = 1, i = 0; Math.abs(step) > 1e-15 * t && i < 50; i++) {
    const slope = a * ((1 - t) ** (a - 1) + t ** (a - 1))
    step = (-Math.expm1(a * Math.log1p(-t)) + t ** a - u) / slope
    t = Math.min(0.5, Math.max(0, t - step))
  }
  return { tail: t, log: Math.log(t) }
}
