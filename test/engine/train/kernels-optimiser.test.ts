/** AdamW, and the norm of all gradients with its clipping, against plain loops. */
import * as assert from 'uvu/assert'
import { ADAMW_STEP, GRADIENT, GRADIENT_SUMS } from '../../../src/engine/kernels/structs.js'
import { onEachAdapter } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { seededFloats } from '../../reference/floats.js'
import { adamwReference, clipScale, gradientNormReference } from '../../reference/train/adamw.js'
import { SMALL } from './small-model.js'
import { TrainBench, withEachChoice } from './train-bench.js'

const OPTIONS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

await onEachAdapter('optimiser kernels', (test, device) => {
  for (const { name: choice, open } of withEachChoice(device)) {
    let bench = new TrainBench(open, SMALL)
    test.before.each(() => {
      bench = new TrainBench(open, SMALL)
    })
    test.after.each(() => bench.free())

    /** norm, factor, whether to use the gradients. */
    async function normOf(gradients: readonly Float32Array[], clip: number): Promise<Float32Array> {
      const groups = [1, 3, 7]
      const count = gradients.reduce((sum, _, i) => sum + groups[i], 0)
      const [sums, result] = [bench.filled(count), bench.filled(4)]
      let at = 0
      for (const [i, gradient] of gradients.entries()) {
        const struct = GRADIENT.pack({ quads: gradient.length / 4, at, groups: groups[i] })
        const bindings = [bench.upload(gradient), sums]
        await bench.runKernel('squares', {}, { bindings, struct, grid: [groups[i]] }, [])
        at += groups[i]
      }
      const [got] = await bench.runKernel(
        'gradient-norm',
        {},
        { bindings: [sums, result], struct: GRADIENT_SUMS.pack({ count, clip }), grid: [1] },
        [[result, 3]],
      )
      return got
    }

    test(`${choice}: norm of all gradients together, and what brings it down`, async () => {
      const floats = seededFloats(6)
      const gradients = [4, 68, 2052].map(floats)
      const norm = gradientNormReference(gradients)
      for (const clip of [0, 0.5 * norm, 2 * norm]) {
        const got = await normOf(gradients, clip)
        const expected = [norm, clipScale(norm, clip === 0 ? null : clip), 1]
        assert.ok(largestDifference(got, expected) < 2e-6 * norm, `clip ${clip}: ${got}, not ${expected}`)
      }
    })

    for (const [name, value] of [
      ['no number', Number.NaN],
      ['infinite', Number.POSITIVE_INFINITY],
      ['minus infinity', Number.NEGATIVE_INFINITY],
      ['too large to be squared', 1e30],
    ] as const) {
      test(`${choice}: a gradient that is ${name} is not used`, async () => {
        const floats = seededFloats(7)
        const gradients = [68, 2052].map(floats)
        gradients[1][777] = value
        for (const clip of [0, 1]) assert.is((await normOf(gradients, clip))[2], 0, `clip ${clip}`)
        assert.is((await normOf([68].map(floats), 1))[2], 1)
      })
    }

    test(`${choice}: gradients whose squares only overflow together are not used`, async () => {
      const gradients = [68, 68, 68].map((count) => new Float32Array(count).fill(1.9e18))
      assert.is((await normOf(gradients.slice(0, 1), 0))[2], 1)
      assert.is((await normOf(gradients, 0))[2], 0)
    })

    for (const [name, decay, factor] of [
      ['plain', 0, 1],
      ['decayed and clipped', 0.1, 0.25],
    ] as const) {
      test(`${choice}: AdamW, ${name}: three steps from a start of its own`, async () => {
        for (const count of [4, 68, 2052]) {
          const floats = seededFloats(count)
          const [values, first, second] = [0, 1, 2].map(() => floats(count))
          const start = { values, first, second: second.map(Math.abs) }
          const expected = {
            values: Float64Array.from(start.values),
            first: Float64Array.from(start.first),
            second: Float64Array.from(start.second),
          }
          const buffers = [start.values, start.first, start.second].map((data) => bench.upload(data))
          const [weights, m, v] = buffers
          const norm = bench.upload([3, factor, 1])
          const quads = count / 4
          const across = Math.min(3, Math.ceil(quads / bench.recorder.lanes))
          for (let step = 4; step < 7; step++) {
            const gradient = floats(count)
            const used = bench.upload(gradient)
            const rate = 0.01 * step
            adamwReference(expected, gradient, OPTIONS, { step, rate, scale: factor, decay })
            const { beta1, beta2, epsilon } = OPTIONS
            const corrections = { c1: 1 - beta1 ** (step + 1), c2: 1 - beta2 ** (step + 1) }
            const numbers = { rate, decay: rate * decay, beta1, beta2, epsilon, ...corrections }
            const [got, gotM, gotV, left] = await bench.runKernel(
              'adamw',
              {},
              {
                bindings: [weights, used, m, v, norm],
                struct: ADAMW_STEP.pack({ quads, across, ...numbers }),
                grid: [across, Math.ceil(quads / bench.recorder.lanes / across)],
              },
              [weights, m, v, used].map((buffer) => [buffer, count] as const),
            )
            // float32 knows 1 - beta2 to some 5e-5, of which the root gives the change half.
            assert.ok(largestDifference(got, expected.values) < 1e-5, `${count}, step ${step}: weights`)
            assert.ok(largestDifference(gotM, expected.first) < 1e-6, `${count}, step ${step}: first moments`)
            assert.ok(
              largestDifference(gotV, expected.second) < 1e-6,
              `${count}, step ${step}: second moments`,
            )
            assert.ok(
              left.every((value) => value === 0),
              'the gradient starts from zero',
            )
          }
        }
      })
    }

    test(`${choice}: AdamW where gradients are not finite: nothing moves, and they are gone`, async () => {
      const start = seededFloats(3)(12)
      const [weights, m, v] = [0, 1, 2].map(() => bench.upload(start))
      const gradient = bench.filled(12, Number.POSITIVE_INFINITY)
      const moments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, c1: 0.1, c2: 0.001 }
      const got = await bench.runKernel(
        'adamw',
        {},
        {
          bindings: [weights, gradient, m, v, bench.upload([Number.NaN, Number.NaN, 0])],
          struct: ADAMW_STEP.pack({ quads: 3, across: 1, rate: 0.1, decay: 0.01, ...moments }),
          grid: [1],
        },
        [weights, m, v, gradient].map((buffer) => [buffer, 12] as const),
      )
      for (const moved of got.slice(0, 3)) assert.equal(moved, start)
      assert.equal(got[3], new Float32Array(12))
    })
  }
})
