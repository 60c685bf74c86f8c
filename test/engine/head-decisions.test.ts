/** Evicting policies whose heads decide for themselves, in scoring: each head does what a plain loop over it alone does. */
import * as assert from 'uvu/assert'
import { NEVER } from '../../src/engine/batch.js'
import { countDrops } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import {
  canSplitHeads,
  EVICTING,
  type EvictingRule,
  layerSize,
  SIZED_KINDS,
} from '../../src/engine/policies/index.js'
import { openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { evictionReference } from '../reference/evictions.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { readWeights } from '../reference/weights.js'
import { OPTIONS } from './decode-runs.js'
import { packWhole, scoreBranches, tokensOf, V } from './sequences.js'

const [C, H, L] = [128, 2, 3]
const checkpoint = await openMicro()
const weights = await readWeights(checkpoint.tensors)
const plain = { tensors: checkpoint.tensors, config: { ...checkpoint.config, interaction: null } }
const { nPositions: n } = plain.config
/** Scores nearer than this, relative, may be ordered otherwise in f32. */
const MARGIN = 2e-5
const KINDS = SIZED_KINDS.filter(canSplitHeads)
const sequences = [n, 33, 20].map((length, seed) => tokensOf(length, seed))

const ruleOf = (kind: EvictingRule['kind'], size: number): EvictingRule => ({
  kind,
  size,
  granularity: 'head',
})

/** (rows, 3 C) -> (rows, 3 d) of one head. */
function headOf(qkv: Float32Array, h: number): Float32Array {
  const d = C / H
  return Float32Array.from({ length: qkv.length / H }, (_, i) => {
    const [row, third, c] = [Math.floor(i / (3 * d)), Math.floor(i / d) % 3, i % d]
    return qkv[row * 3 * C + third * C + h * d + c]
  })
}

/** The whole model with a plain loop for each head; `margin`: how clear the least clear choice was. */
function reference(rule: EvictingRule, tokens: Uint32Array) {
  let margin = Number.POSITIVE_INFINITY
  const forward = gpt2Reference(plain.config, weights, tokens, null, (qkv, layer) =>
    Array.from({ length: H }, (_, h) => {
      const twin = evictionReference(rule, headOf(qkv, h), { C: C / H, H: 1, layer, L, context: n })
      margin = Math.min(margin, twin.margin)
      return twin.deaths
    }),
  )
  return { ...forward, margin }
}

await onEachAdapter('heads that decide for themselves', (test, open) => {
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, plain)
  })
  test.after(() => engine.close())

  test('every policy that reads keys can split heads', () => {
    const expected = ['h2o', 'tova', 'knorm', 'expected', 'keydiff', 'snapkv', 'pyramid', 'lagkv']
    assert.equal([...KINDS], expected)
  })

  for (const kind of KINDS) {
    const { least, removed } = EVICTING[kind]
    test(`${kind}: logits and each head's death times are those of plain loops`, async () => {
      let [compared, differing] = [0, 0]
      const rule = ruleOf(kind, least + 6)
      const { logits, deaths, headDeaths } = await engine.logits(packWhole(engine, sequences), rule)
      let row = 0
      for (const [segment, tokens] of sequences.entries()) {
        row += tokens.length
        const got = Array.from({ length: L }, (_, l) => (headDeaths ?? [])[l].map((head) => head[segment]))
        for (const [l, heads] of got.entries()) {
          const pairs = removed(tokens.length, layerSize(rule, l, plain.config))
          assert.equal(
            heads.map((times) => countDrops(times).removed),
            [pairs, pairs],
          )
          assert.equal(deaths?.[l][segment], heads[0])
          if (String(heads[0]) !== String(heads[1])) differing++
        }
        const expected = reference(rule, tokens)
        if (expected.margin < MARGIN) continue
        compared++
        assert.equal(
          got.map((heads) => heads.map((times) => [...times])),
          expected.headDeaths.map((heads) => heads.map((times) => [...times])),
        )
        const worst = largestDifference(logits.subarray((row - tokens.length) * V, row * V), expected.logits)
        assert.ok(worst < 1e-4, `off by ${worst}`)
      }
      assert.ok(compared >= 2 && differing > 0, `${compared} compared, ${differing} differ`)
    })

    test(`${kind}: a budget of at least the length is the dense model, and branches are their wholes`, async () => {
      const batch = packWhole(engine, sequences)
      const dense = await engine.logits(batch, { kind: 'dense' })
      const { logits, headDeaths } = await engine.logits(batch, ruleOf(kind, n))
      assert.equal(logits, dense.logits)
      assert.ok(headDeaths?.flat(2).every((times) => times.every((time) => time === NEVER)))
      const branches = await scoreBranches(engine, ruleOf(kind, least + 6))
      for (const [got, expected] of branches.logits.slice(1))
        assert.ok(largestDifference(got, expected) < 1e-5)
      for (const [got, expected] of branches.deaths) assert.equal(got, expected)
    })
  }

  test('a decoder refuses them', async () => {
    try {
      await engine.decoder({ ...OPTIONS, rule: ruleOf('h2o', 8) })
      assert.unreachable()
    } catch (error) {
      assert.match((error as Error).message, /^h2o: .* by head .* scoring/)
    }
  })
})
