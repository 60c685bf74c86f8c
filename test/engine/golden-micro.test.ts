import * as assert from 'uvu/assert'
import { packBatch } from '../../src/engine/batch.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'
import { goldenTensors, openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'

import { logsumexpReference } from '../reference/logsumexp.js'

const [B, N, V, L] = [3, 40, 97, 3]
const golden = goldenTensors('micro/forward')
const ids = golden.words('input_ids')
const sequences = Array.from({ length: B }, (_, b) => ids.subarray(b * N, (b + 1) * N))
const checkpoint = await openMicro()

const RULES: { name: string; rule: DropRule }[] = [
  { name: 'dense', rule: { kind: 'dense' } },
  { name: 'alpha_inf', rule: { kind: 'adaptive', shift: 0 } },
  ...[1.5, 2, 4.5, 8].map((alpha) => ({
    name: `alpha_${alpha.toFixed(1)}`,
    rule: { kind: 'soft', alpha, shift: 0 } as const,
  })),
]

const batchOf = (engine: Engine) =>
  packBatch(
    sequences.map((tokens) => ({ tokens, trunk: null })),
    sequences.flatMap((_, segment) =>
      Array.from({ length: N }, (_, row) => ({ segment, row, token: (31 * row + segment) % V })),
    ),
    engine.tiles,
  )

await onEachAdapter('golden micro', (test, open) => {
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, checkpoint)
  })
  test.after(() => engine.close())

  for (const { name, rule } of RULES) {
    test(`${name}: logits and death times`, async () => {
      const { logits, deaths, keep } = await engine.logits(batchOf(engine), rule)
      const worst = largestDifference(logits, golden.floats(`${name}.logits`))
      assert.ok(worst < 1e-4, `off by ${worst}`)
      if (rule.kind === 'soft') {
        const kept = keep?.flatMap((layer) => [...layer]) ?? []
        assert.ok(largestDifference(kept, golden.floats(`${name}.keep`)) < 1e-6, kept.join())
      } else assert.is(keep, null)
      if (rule.kind !== 'adaptive') assert.is(deaths, null)
      else
        assert.equal(
          deaths?.flatMap((layer) => layer.map((times) => [...times])),
          goldenDeaths(),
        )
    })

    test(`${name}: scores are those of the logits`, async () => {
      const batch = batchOf(engine)
      const logits = golden.floats(`${name}.logits`)
      const { logprobs, greedy, deaths } = await engine.score(batch, rule)
      for (let i = 0; i < B * N; i++) {
        const token = batch.targets[2 * i + 1]
        const row = logits.subarray(i * V, (i + 1) * V)
        const { logsumexp, best } = logsumexpReference(row)
        assert.ok(Math.abs(row[token] - logsumexp - logprobs[i]) < 1e-4, `target ${i}`)
        assert.is(greedy[i], Number(token === best), `target ${i}`)
      }
      if (rule.kind === 'adaptive') {
        assert.equal(
          deaths?.flatMap((layer) => layer.map((times) => [...times])),
          goldenDeaths(),
        )
        assert.equal(await engine.deathTimes(batch, rule), deaths)
      }
    })
  }

  test('half-precision weights give nearly the same logits', async () => {
    const halves = await openEngine(open, checkpoint, 'f16')
    const { logits } = await halves.logits(batchOf(halves), { kind: 'dense' })
    halves.close()
    const expected = golden.floats('dense.logits')
    // A weight is off by up to 2^-12 of itself; through three layers that comes to 9e-3 on logits that reach 13.
    const worst = largestDifference(logits, expected)
    assert.ok(worst < 0.05, `off by ${worst}`)
    assert.ok(worst > 1e-4, 'as near as f32: the weights are not halves')
  })
})

/** [layer and sequence]: death times. */
function goldenDeaths(): number[][] {
  const times = golden.words('alpha_inf.death_time')
  return Array.from({ length: L * B }, (_, i) => [...times.subarray(i * N, (i + 1) * N)])
}
