import * as assert from 'uvu/assert'
import type { KernelSpec } from '../../src/engine/compute/device.js'
import { vocabularySlices } from '../../src/engine/gpt2/vocabulary.js'
import { f16ToF32, f32ToF16 } from '../../src/engine/half.js'
import { floatBits } from '../../src/engine/kernels/struct.js'
import { PART, VOCABULARY_SLICE } from '../../src/engine/kernels/structs.js'
import { chooseMatmul, type MatmulVariant } from '../../src/engine/matmul.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { type Dispatch, KernelBench, onEachAdapter } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { embeddingReference } from '../reference/embedding.js'
import { seededFloats } from '../reference/floats.js'
import { layernormReference } from '../reference/layernorm.js'
import { logsumexpReference } from '../reference/logsumexp.js'

const ODD = [1, 7, 65, 129]

/** One vocabulary slice of a token table (V, C), packed as a matmul's weights (C, columns). */
function packSlice(
  { pack, dtype }: MatmulVariant,
  table: Float32Array,
  C: number,
  first: number,
  columns: number,
) {
  const values = Float32Array.from(
    { length: C * columns },
    (_, i) => table[(first + (i % columns)) * C + Math.floor(i / columns)],
  )
  return pack(C, columns, dtype === 'f16' ? Uint16Array.from(values, f32ToF16) : values)
}

/** Rows of M x V logits with the cases that a running arg max gets wrong: ties near, far and across slices. */
function logitsWithTies(M: number, V: number): Float32Array {
  const logits = seededFloats(M * V)(M * V).map((value) => 20 * value)
  for (let m = 0; m < M; m++) {
    const places = [m % V, (m * 31 + 1) % V, (m * 17 + 40) % V, V - 1]
    for (const place of places.slice(0, (m % 4) + 1)) logits[m * V + place] = 11
  }
  return logits
}

await onEachAdapter('row-wise kernels', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())
  const { lanes } = chooseTuning(open.adapter)

  for (const dtype of ['f32', 'f16'] as const) {
    test(`embedding, ${dtype} table in slices`, async () => {
      const [V, P, C] = [150, 129, 68]
      const floats = seededFloats(1)
      const [wpe, exact] = [floats(P * C), floats(V * C)]
      const wte = dtype === 'f16' ? exact.map((value) => f16ToF32(f32ToF16(value))) : exact
      const variant = chooseMatmul(open.adapter, dtype)
      const slices = vocabularySlices(V, 64)
      assert.is(slices.length, 3)
      const tables = slices.map(({ first, columns }) => ({
        table: bench.upload(packSlice(variant, wte, C, first, columns)),
        slice: bench.uniform(VOCABULARY_SLICE.pack({ first, columns })),
      }))
      for (const N of ODD) {
        const tokens = Uint32Array.from({ length: 2 * N }, (_, i) =>
          i % 2 ? (i * 5) % P : (i * 37 + V - 1) % V,
        )
        const x = bench.filled(N * C)
        const read = bench.upload(tokens)
        const spec: KernelSpec = {
          kernel: 'embedding',
          variant: { dtype },
          constants: { C, BLOCK: variant.block },
        }
        const dispatches = tables.map(({ table, slice }) => ({
          spec,
          bindings: [read, table, bench.upload(wpe), x, slice],
          grid: [Math.ceil(C / 64), N] as const,
        }))
        const got = new Float32Array(await bench.run(dispatches, x, N * C))
        const worst = largestDifference(got, embeddingReference(tokens, wte, wpe, C))
        assert.ok(worst < 1e-7, `${N} rows, blocks of ${variant.block}: off by ${worst}`)
      }
    })
  }

  // 65 columns of vec4s leave lanes idle in the last round, one column leaves all but one idle.
  for (const C of [4, 68, 260]) {
    test(`layer norm of ${C} columns, plain and gathered`, async () => {
      const floats = seededFloats(C)
      const rows = 129
      const [x, gain, bias] = [floats(rows * C).map((value) => 3 * value + 2), floats(C), floats(C)]
      const all = Array.from({ length: rows }, (_, row) => row)
      for (const M of ODD) {
        const gathered = Uint32Array.from({ length: M }, (_, m) => (m * 50 + 128) % rows)
        for (const [GATHER, source] of [all.slice(0, M), gathered].entries()) {
          const y = bench.filled(M * C)
          const read = [x, gain, bias, gathered].map((data) => bench.upload(data))
          const spec: KernelSpec = {
            kernel: 'layernorm',
            constants: { C4: C / 4, EPSILON: 1e-3, WORKGROUP: lanes, GATHER },
          }
          const got = new Float32Array(
            await bench.run([{ spec, bindings: [...read, y], grid: [M] }], y, M * C),
          )
          const worst = largestDifference(got, layernormReference(x, source, gain, bias, 1e-3))
          assert.ok(worst < 2e-6, `${M} rows, GATHER ${GATHER}: off by ${worst}`)
        }
      }
    })
  }

  test('layer norm of a row far from zero keeps its precision', async () => {
    const C = 192
    const x = seededFloats(5)(C).map((value) => value + 1000)
    const [ones, zeros] = [new Float32Array(C).fill(1), new Float32Array(C)]
    const y = bench.filled(C)
    const bindings = [...[x, ones, zeros, Uint32Array.of(0)].map((data) => bench.upload(data)), y]
    const constants = { C4: C / 4, EPSILON: 1e-5, WORKGROUP: lanes, GATHER: 0 }
    const got = await bench.run([{ spec: { kernel: 'layernorm', constants }, bindings, grid: [1] }], y, C)
    // The spacing of floats at 1000 is 6e-5, and the mean of 192 of them is off by a few of these.
    const worst = largestDifference(new Float32Array(got), layernormReference(x, [0], ones, zeros, 1e-5))
    assert.ok(worst < 2e-3, `off by ${worst}`)
  })

  for (const [M, V, limit] of [
    [1, 7, 64],
    [7, 65, 64],
    [65, 129, 64],
    [129, 300, 128],
  ]) {
    test(`log-sum-exp and target logits: ${M} rows of ${V} tokens, ${limit} a slice`, async () => {
      const logits = logitsWithTies(M, V)
      // Two chunks of rows, each through every slice, as the forward pass takes them.
      const chunks = M === 1 ? [M] : [Math.floor(M / 3), M - Math.floor(M / 3)]
      const targets = Uint32Array.from({ length: 2 * (2 * M + 1) }, (_, i) =>
        i % 2 ? (i * 29) % V : Math.floor((i * M) / (4 * M + 2)),
      )
      const count = targets.length / 2
      for (const WORKGROUP of new Set([lanes, 64])) {
        const state = bench.filled(4 * M)
        const values = bench.filled(count)
        const wanted = bench.upload(targets)
        const dispatches = chunks.flatMap((rows, chunk) => {
          const firstRow = chunk === 0 ? 0 : chunks[0]
          return vocabularySlices(V, limit).flatMap(({ first, columns }): Dispatch[] => {
            const N = Math.ceil(columns / 4) * 4
            // What lies in the padding is larger than any logit and must not be seen.
            const slice = new Float32Array(rows * N).fill(1e9)
            for (let m = 0; m < rows; m++) {
              const from = (firstRow + m) * V + first
              slice.set(logits.subarray(from, from + columns), m * N)
            }
            const read = bench.upload(slice)
            const part = bench.uniform(
              PART.pack({ firstRow, rows, firstToken: first, columns, targets: count }),
            )
            return [
              {
                spec: { kernel: 'logsumexp', constants: { N4: N / 4, WORKGROUP } },
                bindings: [read, state, part],
                grid: [rows],
              },
              {
                spec: { kernel: 'target-logit', constants: { N } },
                bindings: [read, wanted, values, part],
                grid: [Math.ceil(count / 64)],
              },
            ]
          })
        })
        const states = new Float32Array(await bench.run(dispatches, state, 4 * M))
        for (let m = 0; m < M; m++) {
          const { logsumexp, best } = logsumexpReference(logits.subarray(m * V, (m + 1) * V))
          const [top, sum, token] = states.subarray(4 * m, 4 * m + 3)
          assert.is(floatBits(token), best, `row ${m}: arg max`)
          assert.ok(Math.abs(top + Math.log(sum) - logsumexp) < 2e-6, `row ${m}: ${top} + log ${sum}`)
        }
        const picked = new Float32Array(await bench.run([], values, count))
        const expected = Float32Array.from(picked, (_, i) => logits[targets[2 * i] * V + targets[2 * i + 1]])
        assert.equal(picked, expected)
      }
    })
  }

  test('log-sum-exp of logits far apart and far from zero', async () => {
    const rows = [
      [-5000, -5001, -9000, -5000],
      [8000, 7000, -8000, 8000],
      [0, -200, -300, -400],
      [-400, -300, -200, 0],
    ]
    const [state, part] = [
      bench.filled(16),
      bench.uniform(PART.pack({ firstRow: 0, rows: 4, firstToken: 0, columns: 4, targets: 0 })),
    ]
    const spec: KernelSpec = { kernel: 'logsumexp', constants: { N4: 1, WORKGROUP: lanes } }
    const bindings = [bench.upload(Float32Array.from(rows.flat())), state, part]
    const states = new Float32Array(await bench.run([{ spec, bindings, grid: [4] }], state, 16))
    for (const [m, row] of rows.entries()) {
      const { logsumexp, best } = logsumexpReference(row)
      assert.ok(Math.abs(states[4 * m] + Math.log(states[4 * m + 1]) - logsumexp) < 1e-6, `row ${m}`)
      assert.is(floatBits(states[4 * m + 2]), best)
    }
  })
})
