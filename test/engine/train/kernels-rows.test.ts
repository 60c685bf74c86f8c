/** Kernels of training that go row by row or element by element, against plain loops on odd sizes. */
import * as assert from 'uvu/assert'
import { BLOCKS, MATRIX, STRETCH, TABLE_SLICE } from '../../../src/engine/kernels/structs.js'
import { usesOf } from '../../../src/engine/train/embedding.js'
import { onEachAdapter } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { embeddingReference } from '../../reference/embedding.js'
import { seededFloats } from '../../reference/floats.js'
import { embeddingBackwardReference } from '../../reference/train/embedding-backward.js'
import { layernormBackwardReference } from '../../reference/train/layernorm-backward.js'
import { columnSums } from '../../reference/train/products.js'
import { SMALL } from './small-model.js'
import { TrainBench, withEachChoice } from './train-bench.js'

const ODD = [1, 7, 65, 129]
function near(got: ArrayLike<number>, expected: ArrayLike<number>, most: number, what: string): void {
  const worst = largestDifference(got, expected)
  assert.ok(worst < most, `${what}: off by ${worst}`)
}

await onEachAdapter('row-wise kernels of training', (test, device) => {
  for (const { name: choice, open } of withEachChoice(device)) {
    let bench = new TrainBench(open, SMALL)
    test.before.each(() => {
      bench = new TrainBench(open, SMALL)
    })
    test.after.each(() => bench.free())

    for (const C of [4, 68, 260]) {
      test(`${choice}: layer norm backward, ${C} columns: input, gain and bias`, async () => {
        const floats = seededFloats(C)
        for (const M of ODD) {
          const [x, dy, gain, earlier, sums] = [M * C, M * C, C, M * C, C].map(floats)
          const far = x.map((value) => 3 * value + 2)
          const expected = layernormBackwardReference(dy, far, gain, 1e-3)
          const [inputs, gradients] = [far, dy].map((data) => bench.upload(data))
          for (const ACCUMULATE of [0, 1]) {
            const dx = ACCUMULATE ? bench.upload(earlier) : bench.filled(M * C)
            const stats = bench.filled(2 * M)
            const [got] = await bench.runKernel(
              'layernorm-backward',
              { C4: C / 4, EPSILON: 1e-3, ACCUMULATE },
              { bindings: [inputs, gradients, bench.upload(gain), dx, stats], grid: [M] },
              [[dx, M * C]],
            )
            const wanted = expected.dx.map((value, i) => value + ACCUMULATE * earlier[i])
            near(got, wanted, 2e-6, `${M} rows, dx`)

            // 50 rows a block: the last one is shorter.
            const blocks = Math.ceil(M / 50)
            for (const [NORMALISED, of] of [expected.dBias, expected.dGain].entries()) {
              const [partial, gradient] = [bench.filled(blocks * C), bench.upload(sums)]
              const across = Math.ceil(C / 4 / bench.recorder.lanes)
              await bench.runKernel(
                'column-sums',
                { ROWS: 50, NORMALISED },
                {
                  bindings: [gradients, inputs, stats, partial],
                  struct: MATRIX.pack({ rows: M, N4: C / 4 }),
                  grid: [across, blocks],
                },
                [],
              )
              const [folded] = await bench.runKernel(
                'column-fold',
                {},
                {
                  bindings: [partial, gradient],
                  struct: BLOCKS.pack({ count: blocks, N4: C / 4 }),
                  grid: [across],
                },
                [[gradient, C]],
              )
              near(
                folded,
                of.map((value, c) => value + sums[c]),
                2e-5,
                `${M} rows, ${NORMALISED ? 'gain' : 'bias'}`,
              )
            }
          }
        }
        // The twin's column sums are those of its layer norm.
        const dy = floats(7 * C)
        near(
          columnSums(dy, [7, C]),
          layernormBackwardReference(dy, dy, floats(C), 1).dBias,
          1e-12,
          'column sums',
        )
      })
    }

    test(`${choice}: embedding from a table in slices, and back`, async () => {
      const [V, P, C] = [50, 129, 68]
      const floats = seededFloats(8)
      const [wte, wpe] = [floats(V * C), floats(P * C)]
      const across = Math.ceil(C / 4 / bench.recorder.lanes)
      for (const N of ODD) {
        // Tokens that come often, once and never; positions start over.
        const tokens = Uint32Array.from({ length: N }, (_, n) => (n % 3 === 0 ? 7 : (n * 37 + 49) % V))
        const positions = tokens.map((_, n) => n % 65)
        const pairs = Uint32Array.from(
          { length: 2 * N },
          (_, i) => (i % 2 ? positions : tokens)[Math.floor(i / 2)],
        )
        const dx = floats(N * C)
        const [dWte, dWpe] = [new Float64Array(V * C).fill(0.5), new Float64Array(P * C).fill(0.25)]
        embeddingBackwardReference(dx, pairs, { dWte, dWpe, C })
        const [x, gradients] = [bench.filled(N * C), bench.upload(dx)]
        const byToken = usesOf(tokens)
        for (const [first, count] of [
          [0, 20],
          [20, 30],
        ]) {
          const table = bench.upload(wte.subarray(first * C, (first + count) * C))
          const bindings = [bench.words(pairs), table, bench.upload(wpe), x]
          await bench.runKernel(
            'embedding-rows',
            { C4: C / 4 },
            { bindings, struct: TABLE_SLICE.pack({ first, count }), grid: [across, N] },
            [],
          )
          const slice = bench.filled(count * C, 0.5)
          const [got] = await bench.runKernel(
            'embedding-backward',
            { C4: C / 4 },
            {
              bindings: [gradients, bench.words(byToken.uses), bench.words(byToken.order), slice],
              struct: TABLE_SLICE.pack({ first, count }),
              grid: [across, byToken.uses.length / 4],
            },
            [[slice, count * C]],
          )
          near(got, dWte.subarray(first * C, (first + count) * C), 1e-5, `${N} rows, tokens from ${first}`)
        }
        const byPosition = usesOf(positions)
        const all = bench.filled(P * C, 0.25)
        const [gotX, gotWpe] = await bench.runKernel(
          'embedding-backward',
          { C4: C / 4 },
          {
            bindings: [gradients, bench.words(byPosition.uses), bench.words(byPosition.order), all],
            struct: TABLE_SLICE.pack({ first: 0, count: P }),
            grid: [across, byPosition.uses.length / 4],
          },
          [
            [x, N * C],
            [all, P * C],
          ],
        )
        near(gotX, embeddingReference(pairs, wte, wpe, C), 1e-7, `${N} rows`)
        near(gotWpe, dWpe, 1e-6, `${N} rows, positions`)
      }
    })

    test(`${choice}: total of a stretch, scaled and added`, async () => {
      const values = seededFloats(2)(300)
      for (const [first, count] of [
        [0, 1],
        [5, 7],
        [13, 129],
        [0, 300],
      ]) {
        const out = bench.filled(3, 2)
        const [got] = await bench.runKernel(
          'total',
          {},
          {
            bindings: [bench.upload(values), out],
            struct: STRETCH.pack({ first, count, at: 1, scale: 0.25 }),
            grid: [1],
          },
          [[out, 3]],
        )
        const sum = values.subarray(first, first + count).reduce((total, value) => total + value, 0)
        near(got, [2, 2 + 0.25 * sum, 2], 2e-6, `${count} from ${first}`)
      }
    })
  }
})
