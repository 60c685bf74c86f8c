/** The forward pass under evicting policies: plain loops, branches, dense limits, what is counted. */
import * as assert from 'uvu/assert'
import { NEVER } from '../../src/engine/batch.js'
import { countDrops } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import {
  EVICTING,
  type EvictingKind,
  type EvictingRule,
  layerSize,
  sizedRule,
} from '../../src/engine/policies/index.js'
import type { EvictingPolicy } from '../../src/engine/policies/policy.js'
import { openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { evictionReference } from '../reference/evictions.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { readWeights } from '../reference/weights.js'
import { packWhole, scoreBranches, tokensOf, V } from './sequences.js'

const [C, H, L] = [128, 2, 3]
const checkpoint = await openMicro()
const weights = await readWeights(checkpoint.tensors)
/** The same GPT-2, as if it had no interaction weights. */
const plain = { tensors: checkpoint.tensors, config: { ...checkpoint.config, interaction: null } }
/** Scores nearer than this, relative, may be ordered otherwise in f32. */
const MARGIN = 2e-5

/** Never more alive than there may be, and nobody gone who is protected (docs/method.md, Properties 18). */
function assertBudget({ kind, size }: EvictingRule, budget: number, deaths: Uint32Array): void {
  const { sinks, recent, interval, start = 0 }: EvictingPolicy = EVICTING[kind]
  // What the last query evicts does not count: no query comes after.
  for (let k = 0; k < deaths.length - 1; k++) {
    const alive = deaths.subarray(0, k + 1).filter((time) => time > k + 1).length
    assert.ok(alive <= budget + interval - 1, `${kind} ${size}: ${alive} alive after query ${k}`)
  }
  for (const [j, time] of deaths.entries()) {
    if (time === NEVER) continue
    const by = time - 1
    assert.ok(j >= sinks && by - j >= recent(size), `${kind} ${size}: ${by} evicted ${j}`)
    assert.is((by + 1) % interval, start % interval)
  }
}

await onEachAdapter('evicting rules', (test, open) => {
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, plain)
  })
  test.after(() => engine.close())
  const n = plain.config.nPositions
  const second = open.adapter.kind === 'swiftshader'
  const sequences = [n, 1, 33, 20].map((length, seed) => tokensOf(length, seed))

  for (const kind of Object.keys(EVICTING) as EvictingKind[]) {
    const { least, removed } = EVICTING[kind]
    const sizes = second ? [least + 6] : [least, least + 6, least + 15]
    test(`${kind}: logits, death times and pairs are those of plain loops`, async () => {
      let compared = 0
      for (const size of sizes) {
        const rule = sizedRule(kind, size)
        const { logits, deaths } = await engine.logits(packWhole(engine, sequences), rule)
        let row = 0
        for (const [segment, tokens] of sequences.entries()) {
          let margin = Number.POSITIVE_INFINITY
          const expected = gpt2Reference(plain.config, weights, tokens, null, (qkv, layer) => {
            const twin = evictionReference(rule, qkv, { C, H, layer, L, context: n })
            margin = Math.min(margin, twin.margin)
            return twin.deaths
          })
          row += tokens.length
          for (const [l, layer] of (deaths ?? []).entries()) {
            const budget = layerSize(rule, l, plain.config)
            const count = countDrops(layer[segment])
            assert.is(
              count.removed,
              removed(tokens.length, budget),
              `${size}, layer ${l}, sequence ${segment}`,
            )
            assertBudget(rule, budget, layer[segment])
          }
          if (margin < MARGIN) continue
          compared++
          const got = logits.subarray((row - tokens.length) * V, row * V)
          const worst = largestDifference(got, expected.logits)
          assert.ok(worst < 1e-4, `size ${size}, sequence ${segment}: off by ${worst}`)
          for (let l = 0; l < L; l++) {
            assert.equal(
              [...(deaths?.[l][segment] ?? [])],
              [...expected.deaths[l]],
              `${size}, ${segment}, ${l}`,
            )
          }
        }
      }
      assert.ok(compared >= 3 * sizes.length, `only ${compared} had a clear choice`)
    })

    test(`${kind}: a budget of at least the length is the dense model, to the last bit`, async () => {
      const batch = packWhole(engine, sequences)
      const dense = await engine.logits(batch, { kind: 'dense' })
      for (const size of [n, 10 * n]) {
        const { logits, deaths } = await engine.logits(batch, sizedRule(kind, size))
        assert.equal(logits, dense.logits)
        assert.ok(deaths?.flat().every((times) => times.every((time) => time === NEVER)))
      }
    })

    test(`${kind}: branches are scored as the whole sequences they stand for`, async () => {
      for (const size of sizes) {
        const { logits, deaths } = await scoreBranches(engine, sizedRule(kind, size))
        for (const [got, expected] of logits.slice(1)) assert.ok(largestDifference(got, expected) < 1e-5)
        for (const [got, expected] of deaths) assert.equal(got, expected)
      }
    })

    test(`${kind}: what is cut off changes nothing before`, async () => {
      const rule = sizedRule(kind, least + 6)
      const tokens = tokensOf(n, 2)
      const long = await engine.logits(packWhole(engine, [tokens]), rule)
      const short = await engine.logits(packWhole(engine, [tokens.subarray(0, 35)]), rule)
      for (let l = 0; l < L; l++) {
        const expected = long.deaths?.[l][0].slice(0, 35).map((time) => (time < 35 ? time : NEVER))
        assert.equal(short.deaths?.[l][0], expected)
      }
    })
  }
})
