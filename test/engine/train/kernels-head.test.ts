/** The head of training, cross-entropy and divergence from a teacher by slices of the vocabulary, against plain loops. */
import * as assert from 'uvu/assert'
import { vocabularySlices } from '../../../src/engine/gpt2/vocabulary.js'
import { LOSS_PART, PART, ROWS } from '../../../src/engine/kernels/structs.js'
import { onEachAdapter } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { divergenceReference } from '../../reference/divergence.js'
import { seededFloats } from '../../reference/floats.js'
import { crossEntropyBackwardReference, NO_TARGET } from '../../reference/train/cross-entropy-backward.js'
import { SMALL } from './small-model.js'
import { TrainBench, withEachChoice } from './train-bench.js'

/** Rows of a batch before those that a chunk is of. */
const BEFORE = 3

function near(got: ArrayLike<number>, expected: ArrayLike<number>, most: number, what: string): void {
  const worst = largestDifference(got, expected)
  assert.ok(worst < most, `${what}: off by ${worst}`)
}

await onEachAdapter('head of training', (test, device) => {
  for (const { name: choice, open } of withEachChoice(device)) {
    let bench = new TrainBench(open, SMALL)
    test.before.each(() => {
      bench = new TrainBench(open, SMALL)
    })
    test.after.each(() => bench.free())

    for (const [M, V, limit] of [
      [1, 7, 64],
      [7, 65, 64],
      [65, 150, 64],
    ]) {
      for (const distill of [0, 0.3]) {
        test(`${choice}: cross-entropy: ${M} rows of ${V} tokens, ${distill ? 'with' : 'without'} a teacher`, async () => {
          const floats = seededFloats(M * V)
          const [logits, teacher] = [0, 1].map(() => floats(M * V).map((value) => 20 * value))
          const targets = Uint32Array.from({ length: M }, (_, m) =>
            m % 5 === 3 ? NO_TARGET : [V - 1, (31 * m) % V, 64 % V][m % 3],
          )
          const scale = 1 / M
          const taught = distill > 0 ? Float64Array.from(teacher) : undefined
          const expected = crossEntropyBackwardReference(Float64Array.from(logits), targets, {
            V,
            scale,
            distill,
            teacher: taught,
          })
          const rows = BEFORE + M
          const [states, taughtStates, divergences] = [0, 1, 2].map(() => bench.filled(4 * rows))
          const read = bench.words([...new Array(BEFORE).fill(NO_TARGET), ...targets])
          const losses = bench.filled(rows)
          const slices = vocabularySlices(V, limit).map(({ first, columns }) => {
            const N = 4 * Math.ceil(columns / 4)
            // What lies in the padding is larger than any logit and must not be seen.
            const part = (all: Float32Array) => {
              const values = new Float32Array(M * N).fill(1e9)
              for (let m = 0; m < M; m++)
                values.set(all.subarray(m * V + first, m * V + first + columns), m * N)
              return bench.upload(values)
            }
            return { first, columns, N, own: part(logits), other: part(teacher) }
          })
          for (const { first, columns, N, own, other } of slices) {
            const part = { firstRow: BEFORE, rows: M, firstToken: first, columns }
            const struct = PART.pack({ ...part, targets: 0 })
            for (const [from, to] of [
              [own, states],
              [other, taughtStates],
            ]) {
              const bindings = [from, to]
              await bench.runKernel('logsumexp', { N4: N / 4 }, { bindings, struct, grid: [M] }, [])
            }
            const bindings = [other, own, taughtStates, states, divergences]
            await bench.runKernel('divergence', { N4: N / 4 }, { bindings, struct, grid: [M] }, [])
          }
          for (const { first, columns, N, own, other } of slices) {
            const [got] = await bench.runKernel(
              'cross-entropy-backward',
              { N4: N / 4, DISTILL: Number(distill > 0) },
              {
                bindings: [own, states, read, losses, other, taughtStates],
                struct: LOSS_PART.pack({
                  ...{ firstRow: BEFORE, rows: M, firstToken: first, columns },
                  ...{ weight: scale, share: distill },
                }),
                grid: [M],
              },
              [[own, M * N]],
            )
            const wanted = Array.from({ length: M * N }, (_, i) =>
              i % N < columns ? expected.dLogits[Math.floor(i / N) * V + first + (i % N)] : 0,
            )
            near(got, wanted, 2e-6 * scale, `tokens from ${first}`)
          }
          const kls = bench.filled(rows)
          const [perRow, gotLosses] = await bench.runKernel(
            'divergence-rows',
            {},
            {
              bindings: [divergences, taughtStates, states, read, kls],
              struct: ROWS.pack({ count: rows }),
              grid: [Math.ceil(rows / bench.recorder.lanes)],
            },
            [
              [kls, rows],
              [losses, rows],
            ],
          )
          const rowOf = (all: Float32Array, m: number) => all.subarray(m * V, (m + 1) * V)
          const predicts = (m: number, value: number) => (targets[m] === NO_TARGET ? 0 : value)
          const wantedKls = Array.from(targets, (_, m) =>
            predicts(m, divergenceReference(rowOf(teacher, m), rowOf(logits, m))),
          )
          near(perRow.subarray(BEFORE), wantedKls, 2e-5, 'divergence of each row')
          const own = Array.from(targets, (target, m) =>
            predicts(
              m,
              crossEntropyBackwardReference(Float64Array.from(rowOf(logits, m)), [target], { V, scale })
                .crossEntropy,
            ),
          )
          near(gotLosses.subarray(BEFORE), own, 5e-6, 'loss of each row')
        })
      }
    }
  }
})
