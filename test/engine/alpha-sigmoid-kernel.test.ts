/** The alpha-sigmoid of the kernels against golden values, the host's and its laws (docs/method.md, Properties 1 to 4). */
import * as assert from 'uvu/assert'
import { onEachAdapter } from '../gpu.js'
import { formsOf } from './alpha-sigmoid-forms.js'
import { ALPHAS, fromEdge, GOLDEN, gridOf, hostValue, type Point } from './alpha-sigmoid-points.js'

/** The same points as the device sees them. */
const rounded = ({ x, alpha }: Point): Point => ({ x: Math.fround(x), alpha: Math.fround(alpha) })

await onEachAdapter('alpha-sigmoid kernel', (test, open) => {
  for (const { name: form, run, clear } of formsOf(open)) {
    test.after.each(clear)

    test(`${form}: 1, 4: golden values and derivatives`, async () => {
      const got = await run(GOLDEN)
      GOLDEN.forEach((point, i) => {
        const name = `alpha ${point.alpha}, x ${point.x}`
        const { p, q, rho } = got[i]
        assert.ok(Math.abs(p - point.p) < 2e-6, `${name}: ${p}, not ${point.p}`)
        assert.ok(Math.abs(p + q - 1) < 2e-7, name)
        // At the very edge a float32 may lie on either side of it.
        if (Math.abs(fromEdge(point)) < 1e-6) return
        const slope = rho === null ? point.slope : p * rho
        assert.ok(Math.abs(slope - point.slope) <= 1e-3 * point.slope, `${name}: slope ${slope}`)
      })
    })

    test(`${form}: 1, 3: values, logs and derivatives are the host's, for every alpha`, async () => {
      const points = ALPHAS.flatMap((alpha) => gridOf(alpha, 401)).map(rounded)
      const got = await run(points)
      points.forEach((point, i) => {
        const name = `alpha ${point.alpha}, x ${point.x}`
        const [value, expected] = [got[i], hostValue(point)]
        assert.ok(Math.abs(value.p - expected.p) < 2e-6, `${name}: ${value.p}, not ${expected.p}`)
        // Near the lower edge p is what is left of 1 - a x, of which float32 knows some 1e-7.
        if (expected.p > 1e-3) {
          const error = Math.abs(value.logP - expected.logP)
          assert.ok(
            error < 1e-7 + 1e-4 * Math.abs(expected.logP),
            `${name}: log ${value.logP}, not ${expected.logP}`,
          )
        }
        const { rho } = value
        if (rho !== null && expected.p > 1e-3 && expected.q > 1e-5) {
          assert.ok(
            Math.abs(rho - expected.rho) <= 1e-3 * expected.rho,
            `${name}: rho ${rho}, not ${expected.rho}`,
          )
        }
      })
    })

    test(`${form}: 1: symmetric, and monotone in x`, async () => {
      for (const alpha of ALPHAS) {
        const points = gridOf(alpha, 201)
        const got = await run(points)
        const mirrored = await run(points.map(({ x }) => ({ alpha, x: -x })))
        got.forEach(({ p }, i) => {
          assert.ok(Math.abs(p + mirrored[i].p - 1) < 1.2e-6, `alpha ${alpha}, x ${points[i].x}`)
          assert.ok(i === 0 || p >= got[i - 1].p - 2e-7, `alpha ${alpha}, x ${points[i].x}: falls`)
        })
      }
    })

    test(`${form}: 2: exact 0 and 1 from the edge of the band on, 1/2 in the middle`, async () => {
      const points = [1.5, 2, 3, 4, 5, 8, 64].flatMap((alpha) =>
        [-1e4, -1.0001 / (alpha - 1), 0, 1.0001 / (alpha - 1), 1e4].map((x) => ({ alpha, x })),
      )
      const got = await run(points)
      points.forEach(({ alpha, x }, i) => {
        const expected = x === 0 ? 0.5 : Number(x > 0)
        assert.ok(
          Math.abs(got[i].p - expected) < (x === 0 ? 2e-7 : 1e-300),
          `alpha ${alpha}, x ${x}: ${got[i].p}`,
        )
        if (x !== 0) assert.is(got[i].rho ?? 0, 0)
      })
    })

    test(`${form}: 4: nothing is infinite or no number, and rho is positive inside the band`, async () => {
      const points = [1, 1 + 1e-6, 1 + 2e-5, ...ALPHAS, 64].flatMap((alpha) =>
        [1e-30, 1e-8, 1e-3, 0.05, 0.5, 1, 3, 20, 100, 1e4].flatMap((x) => [x, -x].map((x) => ({ x, alpha }))),
      )
      const got = await run(points)
      points.forEach((point, i) => {
        const { p, q, logP, rho } = got[i]
        const name = `alpha ${point.alpha}, x ${point.x}: ${Object.values(got[i]).join()}`
        assert.ok([p, q, logP, rho ?? 0].every(Number.isFinite), name)
        assert.ok(p >= 0 && p <= 1 && logP <= 0 && (rho ?? 0) >= 0, name)
        if (p > 0 && q > 0) assert.ok(rho === null || rho > 0, name)
        if (point.alpha < 1.001 && Math.abs(point.x) <= 3) {
          assert.ok(Math.abs(p - 1 / (1 + Math.exp(-point.x))) < 1e-3, name)
          assert.ok(Math.abs(logP + Math.log1p(Math.exp(-point.x))) < 1e-3, name)
        }
      })
    })
  }
})
