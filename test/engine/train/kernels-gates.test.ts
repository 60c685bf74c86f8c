/** What gates add to training, against plain loops: masks by age, peaks of attention, errors, and their gradients. */
import * as assert from 'uvu/assert'
import { DECAY_GRADIENT, DECAY_LAYER, GATE_ERROR, PEAKS } from '../../../src/engine/kernels/structs.js'
import { onEachAdapter } from '../../gpu.js'
import { largestDifference, relativeDifference } from '../../reference/compare.js'
import { seededFloats } from '../../reference/floats.js'
import { decayGradientReference, decayMaskReference, peaksReference } from '../../reference/gates.js'
import { SMALL } from './small-model.js'
import { TrainBench } from './train-bench.js'

const [LAYER, B, WINDOW] = [1, 2, 3]
/** Multiples of 4, as training takes them. */
const LENGTHS = [8, 20, 132]
const SHIFTS = Float32Array.of(0.5, -1)
const BIAS = 1.5

/** (B T, 4): scores in the first column; the others are read by nobody. */
function scoresOf(T: number): Float32Array {
  const drawn = seededFloats(T)(B * T)
  return Float32Array.from({ length: 4 * B * T }, (_, i) => (i % 4 === 0 ? 12 * drawn[i / 4] : 77))
}

/** [sequence] (T) */
const xOf = (scores: Float32Array, T: number): number[][] =>
  Array.from(SHIFTS, (shift, b) =>
    Array.from({ length: T }, (_, j) => scores[4 * (b * T + j)] + BIAS + shift),
  )

const biases = Float32Array.of(9, BIAS, 9)
const firstOfFour = (values: ArrayLike<number>): number[] => Array.from(values).filter((_, i) => i % 4 === 0)
const others = (values: ArrayLike<number>): number[] => Array.from(values).filter((_, i) => i % 4 !== 0)

await onEachAdapter('gates of training', (test, open) => {
  let bench = new TrainBench(open, SMALL)
  test.before.each(() => {
    bench = new TrainBench(open, SMALL)
  })
  test.after.each(() => bench.free())
  const groups = (count: number) => Math.ceil(count / bench.recorder.lanes)

  test('keys fade by their age, and the gradient of that', async () => {
    for (const T of LENGTHS) {
      const scores = scoresOf(T)
      const x = xOf(scores, T)
      const [masks, keeps] = [bench.filled(B * T * T), bench.filled(B * T)]
      const given = [scores, biases, SHIFTS]
      const [gotMasks, gotKeeps] = await bench.runKernel(
        'decay-mask',
        {},
        {
          bindings: [...given.map((data) => bench.upload(data)), masks, keeps],
          struct: DECAY_LAYER.pack({ T, layer: LAYER }),
          grid: [groups(T), B],
        },
        [
          [masks, B * T * T],
          [keeps, B * T],
        ],
      )
      const wanted = x.map(decayMaskReference)
      const total = seededFloats(T + 1)(B * T * T)
      for (const [b, mask] of wanted.entries()) {
        for (let j = 0; j < T; j++) {
          let kept = 0
          for (let k = j; k < T; k++) {
            const [got, want] = [gotMasks[(b * T + k) * T + j], mask[k * T + j]]
            assert.ok(
              Math.abs(got - want) <= 2e-6 * Math.abs(want) + 1e-12,
              `${T}, ${k}, ${j}: ${got}, not ${want}`,
            )
            if (k > j && k <= T - 2) kept += Math.exp(want)
          }
          assert.ok(Math.abs(gotKeeps[b * T + j] - kept) < 2e-5 * (1 + kept), `${T} tokens, key ${j}`)
        }
      }
      const weight = 0.3
      const [gradients, sums] = [bench.filled(4 * B * T), bench.filled(B * T)]
      const [gotGradients, gotSums] = await bench.runKernel(
        'decay-mask-backward',
        {},
        {
          bindings: [
            ...[...given, Float32Array.from(gotMasks), total].map((data) => bench.upload(data)),
            gradients,
            sums,
          ],
          struct: DECAY_GRADIENT.pack({ T, layer: LAYER, w: weight }),
          grid: [groups(T), B],
        },
        [
          [gradients, 4 * B * T],
          [sums, B * T],
        ],
      )
      for (const [b, own] of x.entries()) {
        const want = decayGradientReference(own, total.subarray(b * T * T, (b + 1) * T * T), weight)
        const off = relativeDifference(gotSums.subarray(b * T, (b + 1) * T), want)
        assert.ok(off < 2e-5, `${T} tokens: off by ${off}`)
      }
      assert.equal(firstOfFour(gotGradients), [...gotSums])
      assert.ok(others(gotGradients).every((value) => value === 0))
    }
  })

  test('the most attention out of the window, over heads', async () => {
    for (const T of LENGTHS) {
      const heads = [1, 2].map((seed) => seededFloats(seed)(B * T * T).map(Math.abs))
      const peaks = bench.filled(B * T)
      let got: Float32Array = new Float32Array()
      for (const [head, weights] of heads.entries()) {
        ;[got] = await bench.runKernel(
          'column-peaks',
          { FIRST: Number(head === 0) },
          {
            bindings: [bench.upload(weights), peaks],
            struct: PEAKS.pack({ T, window: WINDOW }),
            grid: [groups(T), B],
          },
          [[peaks, B * T]],
        )
      }
      for (let b = 0; b < B; b++) {
        const each = heads.map((all) => peaksReference(all.subarray(b * T * T, (b + 1) * T * T), T, WINDOW))
        const want = each[0].map((value, j) => Math.max(value, each[1][j]))
        assert.is(largestDifference(got.subarray(b * T, (b + 1) * T), want), 0, `${T} tokens`)
      }
    }
  })

  test('errors of predicted attention', async () => {
    for (const T of LENGTHS) {
      const scores = scoresOf(T)
      // Some below what counts as attention at all.
      const peaks = seededFloats(3)(B * T).map((value) => Math.max(0, value) ** 8)
      const weight = 0.01
      const [errors, gradients, sums] = [bench.filled(B * T), bench.filled(4 * B * T), bench.filled(B * T)]
      const [gotErrors, gotGradients, gotSums] = await bench.runKernel(
        'gate-error',
        {},
        {
          bindings: [...[scores, biases, peaks].map((data) => bench.upload(data)), errors, gradients, sums],
          struct: GATE_ERROR.pack({ T, rows: B * T, layer: LAYER, window: WINDOW, weight }),
          grid: [groups(B * T)],
        },
        [
          [errors, B * T],
          [gradients, 4 * B * T],
          [sums, B * T],
        ],
      )
      const off = Array.from({ length: B * T }, (_, row) =>
        (row % T) + WINDOW < T ? scores[4 * row] + BIAS - Math.log(Math.max(peaks[row], 1e-6)) : 0,
      )
      assert.ok(
        relativeDifference(
          gotErrors,
          off.map((d) => d * d),
        ) < 1e-6,
      )
      assert.ok(
        relativeDifference(
          gotSums,
          off.map((d) => 2 * weight * d),
        ) < 1e-6,
      )
      assert.equal(firstOfFour(gotGradients), [...gotSums])
      assert.ok(others(gotGradients).every((value) => value === 0))
      assert.ok(off.some((d) => d === 0))
    }
  })
})
