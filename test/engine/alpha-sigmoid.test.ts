/** The alpha-sigmoid on the host against golden values and its laws (docs/method.md, Properties 1 to 4). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { alphaSigmoid } from '../reference/alpha-sigmoid.js'
import { ALPHAS, fromEdge, GOLDEN, gridOf, hostValue, type Point } from './alpha-sigmoid-points.js'

/** The p of the defining equation by halving, which is always safe. */
function halved({ x, alpha }: Point): number {
  const a = alpha - 1
  let [low, high] = [0, 1]
  for (let i = 0; i < 60; i++) {
    const p = (low + high) / 2
    if (p ** a - (1 - p) ** a < a * x) low = p
    else high = p
  }
  return (low + high) / 2
}

const host = suite('alpha-sigmoid on the host')

host('1, 4: golden values and derivatives', () => {
  for (const point of GOLDEN) {
    const { p, rho } = hostValue(point)
    assert.ok(Math.abs(p - point.p) < 1e-9, `alpha ${point.alpha}, x ${point.x}: ${p}, not ${point.p}`)
    if (Math.abs(fromEdge(point)) < 1e-12) continue
    assert.ok(
      Math.abs(p * rho - point.slope) <= 1e-6 * point.slope,
      `slope at alpha ${point.alpha}, x ${point.x}`,
    )
  }
})

host('3: the equation holds, and halving finds the same', () => {
  for (const point of ALPHAS.flatMap((alpha) => gridOf(alpha, 101)).filter((point) => fromEdge(point) > 0)) {
    const { p, q, logP } = hostValue(point)
    const a = point.alpha - 1
    const name = `alpha ${point.alpha}, x ${point.x}`
    if (p > 0) assert.ok(Math.abs(p ** a - q ** a - a * point.x) < 1e-12, name)
    assert.ok(Math.abs(p - halved(point)) < 1.1e-6, name)
    assert.ok(p === 0 || Math.abs(logP - Math.log(halved(point))) < 1e-6 || p < 1e-6, name)
  }
})

host('2: the limits are the logistic sigmoid and the step', () => {
  for (const { x } of gridOf(1.0001, 51)) {
    const { p, logP } = alphaSigmoid(x, 1)
    assert.ok(Math.abs(p - 1 / (1 + Math.exp(-x))) < 1e-15)
    assert.ok(Math.abs(logP + Math.log1p(Math.exp(-x))) < 1e-12)
    assert.ok(Math.abs(alphaSigmoid(x, 1 + 1e-6).p - p) < 1e-5)
  }
  for (const x of [-1e4, -1, -1 / 63, 1 / 63, 1, 1e4]) {
    assert.is(alphaSigmoid(x, 64.001).p, Number(x > 0))
    assert.is(alphaSigmoid(x, Number.POSITIVE_INFINITY).p, Number(x > 0))
  }
  assert.is(alphaSigmoid(0, Number.POSITIVE_INFINITY).p, 0)
  assert.throws(() => alphaSigmoid(0, 0.9), /at least 1, got 0.9/)
})

host('4: the derivative is that of finite differences', () => {
  for (const point of ALPHAS.flatMap((alpha) => gridOf(alpha, 41)).filter(
    (point) => fromEdge(point) > 1e-3,
  )) {
    const h = 1e-7 / (point.alpha - 1)
    const [low, high] = [-h, h].map((step) => hostValue({ ...point, x: point.x + step }).p)
    const { p, rho } = hostValue(point)
    const slope = (high - low) / (2 * h)
    // Differences of values near 1 are only known to some 1e-16 / h.
    assert.ok(
      Math.abs(p * rho - slope) < 1e-3 * slope + 1e-8 * point.alpha,
      `alpha ${point.alpha}, x ${point.x}`,
    )
  }
})

host.run()
