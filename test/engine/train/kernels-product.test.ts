/** Matrix products of training against plain loops: every form, place and destination, on odd sizes. */
import * as assert from 'uvu/assert'
import { type Destination, multiply, type ProductForm } from '../../../src/engine/train/products.js'
import { onEachAdapter } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { seededFloats } from '../../reference/floats.js'
import { activationBackwardReference } from '../../reference/train/activation-backward.js'
import { productNN, productNT, productTN } from '../../reference/train/products.js'
import { SMALL } from './small-model.js'
import { TrainBench, withEachChoice } from './train-bench.js'

const FORMS = { nn: productNN, nt: productNT, tn: productTN } as const
/** Columns and what is summed over come in fours, and so do rows where the left factor lies transposed. */
const SIZES = [
  [1, 4, 4],
  [7, 68, 12],
  [16, 4, 64],
  [65, 20, 132],
  [130, 132, 68],
] as const

const fours = (count: number): number => 4 * Math.ceil(count / 4)

/** `count` matrices, each row followed by `gap` numbers and each matrix by a row's worth, after `before` numbers. */
function spread(matrices: readonly Float32Array[], width: number, { before = 0, gap = 0 }) {
  const [height, wide] = [matrices[0].length / width, width + gap]
  const next = (height + 1) * wide
  const values = new Float32Array(before + matrices.length * next).fill(Number.NaN)
  matrices.forEach((matrix, z) => {
    for (let row = 0; row < height; row++) {
      values.set(matrix.subarray(row * width, (row + 1) * width), before + z * next + row * wide)
    }
  })
  return { values, at: before, width: wide, next }
}

await onEachAdapter('products of training', (test, device) => {
  for (const { name, open } of withEachChoice(device)) {
    for (const form of Object.keys(FORMS) as ProductForm[]) {
      test(`${name}, ${form}: sizes, places, several matrices`, async () => {
        for (const [rows, K, N] of SIZES) {
          const M = form === 'tn' ? fours(rows) : rows
          const floats = seededFloats(M + K + N)
          const count = 3
          const each = (length: number) => Array.from({ length: count }, () => floats(length))
          const [a, b] = [each(M * K), each(K * N)]
          const left = spread(a, form === 'tn' ? M : K, { before: 8, gap: 4 })
          const right = spread(b, form === 'nt' ? K : N, { before: 4, gap: 8 })
          const empty = each(M * N).map((matrix) => matrix.fill(Number.NaN))
          const out = spread(empty, N, { before: 12, gap: 4 })
          const bench = new TrainBench(open, SMALL)
          const result = bench.upload(out.values)
          const [got] = await bench.run(() => {
            multiply(bench.recorder, {
              form,
              M,
              N,
              K,
              count,
              left: { ...left, buffer: bench.upload(left.values) },
              right: { ...right, buffer: bench.upload(right.values) },
              out: { ...out, buffer: result },
              scale: 0.5,
            })
          }, [[result, out.values.length]])
          const wanted = a.map((matrix, z) =>
            Float32Array.from(FORMS[form](matrix, b[z], [M, K, N]), (value) => 0.5 * value),
          )
          const expected = spread(wanted, N, { before: 12, gap: 4 }).values
          for (let i = 0; i < expected.length; i++) {
            const at = `${[M, K, N]}: ${got[i]} at ${i}, not ${expected[i]}`
            if (Number.isNaN(expected[i])) assert.ok(Number.isNaN(got[i]), at)
            else assert.ok(Math.abs(got[i] - expected[i]) < 1e-6 * Math.sqrt(K), at)
          }
          bench.free()
        }
      })
    }

    test(`${name}: what is done with the sums`, async () => {
      const [M, K, N] = [37, 20, 68]
      const floats = seededFloats(4)
      const [a, b, bias, earlier, inputs] = [M * K, K * N, N, M * N, M * N].map(floats)
      const wide = inputs.map((value) => 16 * value)
      const product = productNN(a, b, [M, K, N])
      const bench = new TrainBench(open, SMALL)
      const bound = [bias, earlier, wide].map((data) => bench.upload(data))
      const cases: { to: Destination; expected: Float64Array }[] = [
        {
          to: { kind: 'result', bias: bound[0], residual: bound[1], accumulate: true },
          expected: product.map((sum, i) => sum + bias[i % N] + 2 * earlier[i]),
        },
        {
          to: { kind: 'activation-gradient', inputs: bound[2] },
          expected: activationBackwardReference('gelu-tanh', product, wide),
        },
      ]
      for (const { to, expected } of cases) {
        const accumulates = to.kind === 'result' && to.accumulate
        const out = accumulates ? bench.upload(earlier) : bench.filled(M * N)
        const [got] = await bench.run(() => {
          multiply(bench.recorder, {
            form: 'nn',
            M,
            N,
            K,
            left: { buffer: bench.upload(a), width: K },
            right: { buffer: bench.upload(b), width: N },
            out: { buffer: out, width: N },
            to,
          })
        }, [[out, M * N]])
        const worst = largestDifference(got, expected)
        assert.ok(worst < 5e-6, `${to.kind}: off by ${worst}`)
      }
      bench.free()
    })
  }
})
