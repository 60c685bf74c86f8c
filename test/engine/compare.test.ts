/** How far one rule's predictions are from another's, in one pass: the kernel, and the engine against whole logits. */

import * as assert from 'uvu/assert'
import { type Batch, packBatch } from '../../src/engine/batch.js'
import { divergence } from '../../src/engine/compare.js'
import type { DeviceBuffer, KernelSpec } from '../../src/engine/compute/device.js'
import type { Engine } from '../../src/engine/engine.js'
import { vocabularySlices } from '../../src/engine/gpt2/vocabulary.js'
import { PART } from '../../src/engine/kernels/structs.js'
import type { DropRule } from '../../src/engine/rules.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { openMicro } from '../golden.js'
import { type Dispatch, KernelBench, onEachAdapter, openEngine } from '../gpu.js'
import { divergenceReference } from '../reference/divergence.js'
import { seededFloats } from '../reference/floats.js'
import { logsumexpReference } from '../reference/logsumexp.js'
import { tokensOf } from './sequences.js'

const checkpoint = await openMicro()
const V = checkpoint.config.vocabSize

/** Of the other logits, from the base's: the same, nearly the same, moved as a whole, something else, far away. */
const CHANGES: ((logit: number, noise: number) => number)[] = [
  (logit) => logit,
  (logit, noise) => logit + 1e-3 * noise,
  (logit) => logit + 30,
  (logit, noise) => logit + 4 * noise,
  (logit, noise) => 300 * noise - logit,
]

const DENSE: DropRule = { kind: 'dense' }
const RULES: readonly DropRule[] = [
  DENSE,
  { kind: 'adaptive', shift: 0 },
  { kind: 'soft', alpha: 8, shift: 0 },
  { kind: 'soft', alpha: 1.5, shift: 0.5 },
]

await onEachAdapter('comparison', (test, open) => {
  const bench = new KernelBench(open)
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, checkpoint)
  })
  test.after.each(() => bench.clear())
  test.after(() => engine.close())
  const { lanes } = chooseTuning(open.adapter)

  for (const [M, V, limit] of [
    [1, 7, 64],
    [7, 65, 64],
    [65, 300, 128],
  ]) {
    test(`kernel: ${M} rows of ${V} tokens, ${limit} a slice`, async () => {
      const floats = seededFloats(V)
      const base = floats(M * V).map((value) => 20 * value)
      const noise = floats(M * V)
      const other = base.map((value, i) => CHANGES[Math.floor(i / V) % CHANGES.length](value, noise[i]))
      const chunks = M === 1 ? [M] : [Math.floor(M / 3), M - Math.floor(M / 3)]
      for (const WORKGROUP of new Set([lanes, 64])) {
        const [states, otherStates, sums] = [bench.filled(4 * M), bench.filled(4 * M), bench.filled(4 * M)]
        const dispatches = chunks.flatMap((rows, chunk) => {
          const firstRow = chunk === 0 ? 0 : chunks[0]
          return vocabularySlices(V, limit).flatMap(({ first, columns }): Dispatch[] => {
            const N = Math.ceil(columns / 4) * 4
            // What lies in the padding would outweigh all else.
            const slices = [base, other].map((logits, i) => {
              const slice = new Float32Array(rows * N).fill(1e9 * (i + 1))
              for (let m = 0; m < rows; m++) {
                const from = (firstRow + m) * V + first
                slice.set(logits.subarray(from, from + columns), m * N)
              }
              return bench.upload(slice)
            })
            const part = bench.uniform(PART.pack({ firstRow, rows, firstToken: first, columns, targets: 0 }))
            const constants = { N4: N / 4, WORKGROUP }
            const reduce: KernelSpec = { kernel: 'logsumexp', constants }
            const compare: KernelSpec = { kernel: 'divergence', constants }
            const grid = [rows] as const
            return [
              { spec: reduce, bindings: [slices[0], states, part], grid },
              { spec: reduce, bindings: [slices[1], otherStates, part], grid },
              { spec: compare, bindings: [...slices, states, otherStates, sums, part], grid },
            ]
          })
        })
        const read = async (buffer: DeviceBuffer, words: number, steps: readonly Dispatch[] = []) =>
          new Float32Array(await bench.run(steps, buffer, words))
        const batch = everyRow(M)
        const { kl, agree } = divergence(
          batch,
          await read(states, 4 * M, dispatches),
          await read(otherStates, 4 * M),
          await read(sums, 4 * M),
        )
        for (let m = 0; m < M; m++) {
          const [own, others] = [base, other].map((logits) => logits.subarray(m * V, (m + 1) * V))
          const expected = divergenceReference(own, others)
          const name = `row ${m}: ${kl[m]}, not ${expected}`
          if (m % CHANGES.length === 0) assert.is(kl[m], 0, name)
          assert.ok(kl[m] >= -1e-6 && Math.abs(kl[m] - expected) < 4e-6 + 1e-6 * expected, name)
          const same = logsumexpReference(own).best === logsumexpReference(others).best
          assert.is(agree[m], Number(same), `row ${m}: arg max`)
        }
      }
    })
  }

  /** More rows than are given logits at a time; some rows have two targets, in the reverse order. */
  function manyRows(): Batch {
    const segments = [48, 1, ...new Array<number>(25).fill(40)].map((length, seed) => ({
      tokens: tokensOf(length, seed),
      trunk: null,
    }))
    const targets = segments.flatMap(({ tokens }, segment) =>
      Array.from(tokens, (token, row) => ({ segment, row, token })),
    )
    return packBatch(segments, [...targets, ...targets.slice(0, 9).reverse()], engine.tiles)
  }

  test('every target is scored as without comparison, and compared as whole logits are', async () => {
    const batch = manyRows()
    // Each takes seconds on a software adapter.
    const rules = open.adapter.kind === 'swiftshader' ? RULES.slice(0, 2) : RULES
    assert.ok(batch.scoredRows.length > 1024)
    const [{ base, others }, alone, ...scored] = await Promise.all([
      engine.compare(batch, DENSE, rules),
      engine.score(batch, DENSE),
      ...rules.map((rule) => engine.score(batch, rule)),
    ])
    assert.equal({ ...base, seconds: 0 }, { ...alone, seconds: 0 })
    const expected = await engine.logits(batch, DENSE)
    for (const [i, { kl, agree, ...rest }] of others.entries()) {
      const name = JSON.stringify(rules[i])
      assert.equal({ ...rest, seconds: 0 }, { ...scored[i], seconds: 0 }, name)
      const { logits } = await engine.logits(batch, rules[i])
      let [far, same] = [0, 0]
      for (let t = 0; t < kl.length; t++) {
        const row = batch.targets[2 * t]
        const [own, other] = [expected.logits, logits].map((all) => all.subarray(row * V, (row + 1) * V))
        const divergence = divergenceReference(own, other)
        assert.ok(kl[t] >= -1e-6, `${name}, target ${t}: ${kl[t]}`)
        assert.ok(
          Math.abs(kl[t] - divergence) < 5e-6 * (1 + divergence),
          `${name}, target ${t}: ${kl[t]}, not ${divergence}`,
        )
        assert.is(agree[t], Number(logsumexpReference(own).best === logsumexpReference(other).best))
        far = Math.max(far, divergence)
        same += agree[t]
      }
      if (i === 0) assert.equal([far, same, Math.max(...kl)], [0, kl.length, 0])
      else assert.ok(far > 0.1 && same > 0 && same < kl.length, `${name} hardly changes a thing`)
    }
  })

  test('memory for comparison and for soft rules is only taken where they are', async () => {
    const batch = manyRows()
    const bytes = (...rules: DropRule[]) => engine.batchBytes(batch, rules)
    assert.is(engine.batchBytes(batch), bytes(DENSE))
    // The head's input and the logits of another rule.
    const compared = bytes(DENSE, DENSE) - bytes(DENSE)
    assert.ok(compared > 4 * (batch.scoredRows.length * checkpoint.config.nEmbd + 1024 * V))
    const masks = bytes(DENSE, RULES[2]) - bytes(DENSE, DENSE)
    assert.is(masks, 4 * (batch.pairs + checkpoint.config.nLayer * batch.keys))
  })
})

/** A batch of which only the targets matter: one of each of M rows. */
function everyRow(M: number): Batch {
  const tokens = new Uint32Array(M)
  const targets = Array.from(tokens, (token, row) => ({ segment: 0, row, token }))
  return packBatch([{ tokens, trunk: null }], targets, { queries: 8, keys: 8 })
}
