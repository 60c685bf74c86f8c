/** The forward pass under static policies: plain loops, checkpoints without interaction weights, branches, dense limits. */
import * as assert from 'uvu/assert'
import { countDrops } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import { sizedRule, staticDeaths } from '../../src/engine/policies/index.js'
import type { DropRule } from '../../src/engine/rules.js'
import { openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { staticReference } from '../reference/static-policies.js'
import { readWeights } from '../reference/weights.js'
import { packWhole, scoreBranches, tokensOf, V } from './sequences.js'

const L = 3
const checkpoint = await openMicro()
const weights = await readWeights(checkpoint.tensors)
/** The same GPT-2, as if it had no interaction weights. */
const plain = { tensors: checkpoint.tensors, config: { ...checkpoint.config, interaction: null } }

const local = (size: number) => sizedRule('local', size)
const strided = (size: number) => sizedRule('strided', size)
const streaming = (size: number) => sizedRule('streaming', size)
const RULES = [local(1), local(7), local(33), strided(2), strided(5), strided(16), streaming(1), streaming(9)]
const LENGTHS = [45, 1, 9, 32]

await onEachAdapter('static rules', (test, open) => {
  let engine: Engine
  let adaptive: Engine
  test.before(async () => {
    engine = await openEngine(open, plain)
    adaptive = await openEngine(open, checkpoint)
  })
  test.after(() => {
    engine.close()
    adaptive.close()
  })
  const sequences = LENGTHS.map((length, seed) => tokensOf(length, seed))

  for (const rule of RULES) {
    test(`${JSON.stringify(rule)}: logits and death times are those of plain loops`, async () => {
      const { logits, deaths, keep } = await engine.logits(packWhole(engine, sequences), rule)
      assert.is(keep, null)
      assert.is(deaths?.length, L)
      let row = 0
      for (const [segment, tokens] of sequences.entries()) {
        const { deaths: times, removed } = staticReference(rule, tokens.length)
        for (const layer of deaths ?? []) {
          assert.equal(layer[segment], times)
          assert.is(countDrops(layer[segment]).removed, removed)
        }
        const expected = gpt2Reference(plain.config, weights, tokens, null, times)
        const got = logits.subarray(row * V, (row + tokens.length) * V)
        const worst = largestDifference(got, expected.logits)
        assert.ok(worst < 1e-4, `sequence ${segment}: off by ${worst}`)
        row += tokens.length
      }
    })
  }

  test('interaction weights change nothing', async () => {
    for (const rule of RULES) {
      const [with_, without] = [adaptive, engine].map((one) => one.logits(packWhole(one, sequences), rule))
      assert.equal((await with_).logits, (await without).logits)
    }
  })

  test('a window or a stride of at least the length is the dense model, to the last bit', async () => {
    const batch = packWhole(engine, sequences)
    const dense = await engine.logits(batch, { kind: 'dense' })
    for (const rule of [local(45), local(1000), strided(1), strided(45)]) {
      assert.equal((await engine.logits(batch, rule)).logits, dense.logits, JSON.stringify(rule))
    }
    const shorter = await engine.logits(batch, local(44))
    assert.ok(largestDifference(shorter.logits, dense.logits) > 0)
  })

  test('branches are scored as the whole sequences they stand for', async () => {
    for (const rule of RULES) {
      const { logits, deaths } = await scoreBranches(engine, rule)
      for (const [got, expected] of logits) {
        assert.ok(largestDifference(got, expected) < 1e-5, JSON.stringify(rule))
      }
      assert.equal(
        deaths.map(([shared]) => shared?.[0]),
        [40, 34].map((length) => staticDeaths(rule, length)),
      )
    }
  })

  test('compared with dense and with each other in one pass, each is what it is alone', async () => {
    await engine.warmUp(['dense', 'local', 'strided', 'streaming'])
    const batch = packWhole(adaptive, sequences)
    const rules: DropRule[] = [local(4), { kind: 'adaptive', shift: 0 }, strided(5), local(20)]
    const { base, others } = await adaptive.compare(batch, { kind: 'dense' }, rules)
    assert.is(base.deaths, null)
    for (const [i, { kl, agree, ...rest }] of others.entries()) {
      const expected = await adaptive.score(batch, rules[i])
      assert.equal({ ...rest, seconds: 0 }, { ...expected, seconds: 0 })
      assert.ok(Math.max(...kl) > 1e-3 && agree.some((same) => same === 1), `rule ${i}`)
    }
  })

  test('memory for death times is taken where there is one', () => {
    const batch = packWhole(engine, sequences)
    const own = engine.batchBytes(batch, [local(3)]) - engine.batchBytes(batch)
    assert.is(own, 4 * (batch.keys + batch.listed))
  })
})
