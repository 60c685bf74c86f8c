/** An output head that is not the token table: plain loops over the same weights give the same logits, scored and step by step. */
import * as assert from 'uvu/assert'
import { packBatch } from '../../src/engine/batch.js'
import type { StoredTensor } from '../../src/engine/tensor-source.js'
import { goldenTensors, openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { seededFloats } from '../reference/floats.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { logsumexpReference } from '../reference/logsumexp.js'
import { readWeights } from '../reference/weights.js'
import { stepByStep, wholePass } from './decode-runs.js'

const micro = await openMicro()
const { nEmbd: C, vocabSize: V } = micro.config
const ids = goldenTensors('micro/forward').words('input_ids').slice(0, 40)
const values = seededFloats(5)(V * C).map((value) => value / 4)
const head: StoredTensor = {
  dtype: 'F32',
  shape: [V, C],
  read: async () => new Uint8Array(values.slice().buffer),
}
const untied = {
  config: { ...micro.config, untiedHead: true },
  tensors: new Map([...micro.tensors, ['lm_head.weight', head]]),
}
const weights = await readWeights(untied.tensors)
const { logits: expected } = gpt2Reference(micro.config, weights, ids, null)

await onEachAdapter('untied head', (test, open) => {
  for (const [dtype, tolerance] of [
    ['f32', 1e-4],
    ['f16', 2e-2],
  ] as const) {
    test(`logits, scores and decoding, ${dtype}`, async () => {
      const engine = await openEngine(open, untied, dtype)
      const tied = await openEngine(open, micro, dtype)
      try {
        const { logits } = await wholePass(engine, [ids], { kind: 'dense' })
        const worst = largestDifference(logits[0], expected)
        assert.ok(worst < tolerance, `off by ${worst}`)
        const steps = await stepByStep(engine, [ids], { rule: { kind: 'dense' }, chunk: 7 }, () => 20)
        const furthest = largestDifference(steps.logits[0], expected)
        assert.ok(furthest < tolerance, `decoding is off by ${furthest}`)
        const targets = Array.from({ length: 40 }, (_, row) => ({ segment: 0, row, token: (31 * row) % V }))
        const batch = packBatch([{ tokens: ids, trunk: null }], targets, engine.tiles)
        const { logprobs } = await engine.score(batch, { kind: 'dense' })
        for (const { row, token } of targets) {
          const own = expected.subarray(row * V, (row + 1) * V)
          const difference = Math.abs(own[token] - logsumexpReference(own).logsumexp - logprobs[row])
          assert.ok(difference < 2 * tolerance, `row ${row} is off by ${difference}`)
        }
        // One table more, and the tied model still has one.
        const bytes = engine.ledger().weights.bytes - tied.ledger().weights.bytes
        assert.ok(bytes >= V * C * (dtype === 'f16' ? 2 : 4), `${bytes} bytes`)
        assert.ok(
          largestDifference((await wholePass(tied, [ids], { kind: 'dense' })).logits[0], expected) > 0.5,
        )
      } finally {
        engine.close()
        tied.close()
      }
    })
  }
})
