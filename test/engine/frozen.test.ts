/**
 * Sequences that are frozen from a position on, as recall's questions are: plain loops under every rule, branches, and the promise
 * itself, that what is gone was decided by the text before and nothing goes after.
 */
import * as assert from 'uvu/assert'
import { NEVER, packBatch, type Segment } from '../../src/engine/batch.js'
import { countDrops } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import {
  isEvicting,
  isSized,
  isStatic,
  layerSize,
  SIZED,
  SIZED_KINDS,
  sizedRule,
} from '../../src/engine/policies/index.js'
import type { DropRule } from '../../src/engine/rules.js'
import { openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { evictionReference } from '../reference/evictions.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { staticReference } from '../reference/static-policies.js'
import { readWeights } from '../reference/weights.js'
import { tokensOf, V } from './sequences.js'

const [C, H, L] = [128, 2, 3]
const checkpoint = await openMicro()
const weights = await readWeights(checkpoint.tensors)
const SIZE = 9
const RULES: DropRule[] = [
  { kind: 'adaptive', shift: 0 },
  ...SIZED_KINDS.map((kind) => sizedRule(kind, Math.max(SIZE, SIZED[kind].least))),
]
/** Decisions nearer than this may be others in f32. */
const MARGIN = 2e-5

/** Every row scored. */
function pack(engine: Engine, segments: readonly Segment[]) {
  const targets = segments.flatMap(({ tokens }, segment) =>
    Array.from({ length: tokens.length }, (_, row) => ({ segment, row, token: tokens[row] })),
  )
  return packBatch(segments, targets, engine.tiles)
}

/** From the definitions; null where a decision is too near. */
function twin(rule: DropRule, tokens: Uint32Array, frozenFrom: number) {
  const { config } = checkpoint
  if (rule.kind === 'adaptive') {
    const forward = gpt2Reference(config, weights, tokens, rule.shift, undefined, frozenFrom)
    return forward.margin < MARGIN ? null : forward
  }
  let margin = Number.POSITIVE_INFINITY
  const forward = gpt2Reference(config, weights, tokens, null, (qkv, layer) => {
    if (isStatic(rule)) return staticReference(rule, tokens.length, frozenFrom).deaths
    if (!isEvicting(rule)) throw new Error(rule.kind)
    const evicted = evictionReference(rule, qkv, { C, H, layer, L, context: config.nPositions, frozenFrom })
    margin = Math.min(margin, evicted.margin)
    return evicted.deaths
  })
  return margin < MARGIN ? null : forward
}

await onEachAdapter('frozen sequences', (test, open) => {
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, checkpoint)
  })
  test.after(() => engine.close())
  const n = checkpoint.config.nPositions
  const places = open.adapter.kind === 'swiftshader' ? [33] : [0, 1, 20, 33, n - 1, n]

  for (const rule of RULES) {
    test(`${rule.kind}: logits, death times and pairs are those of plain loops`, async () => {
      let compared = 0
      const tokens = tokensOf(n, 2)
      for (const frozenFrom of places) {
        const { logits, deaths } = await engine.logits(
          pack(engine, [{ tokens, trunk: null, frozenFrom }]),
          rule,
        )
        for (const [l, layer] of (deaths ?? []).entries()) {
          if (!isSized(rule)) continue
          const { removed } = SIZED[rule.kind]
          const [before, at] = [frozenFrom, Math.min(n, frozenFrom + 1)].map((end) =>
            removed(end, layerSize(rule, l, checkpoint.config)),
          )
          assert.is(countDrops(layer[0]).removed, before + (n - frozenFrom) * (at - before))
        }
        const expected = twin(rule, tokens, frozenFrom)
        if (expected === null) continue
        compared++
        for (let l = 0; l < L; l++)
          assert.equal(deaths?.[l][0], expected.deaths[l], `from ${frozenFrom}, layer ${l}`)
        const worst = largestDifference(logits, expected.logits)
        assert.ok(worst < 1e-4, `from ${frozenFrom}: off by ${worst}`)
      }
      assert.ok(compared > places.length / 2, `only ${compared} had clear decisions`)
    })

    test(`${rule.kind}: what is gone was decided by the text, whatever is asked`, async () => {
      // Long enough for what is evicted every 32 queries, and for two partitions behind the first tokens.
      const text = tokensOf(36, 5)
      const frozenFrom = text.length
      // Where it is not frozen: what is gone when the next query comes.
      const alone = await engine.logits(
        pack(engine, [{ tokens: Uint32Array.of(...text, 0), trunk: null }]),
        rule,
      )
      const isGone = (times: Uint32Array): boolean[] =>
        Array.from(
          text,
          (_, j) => times[j] < frozenFrom || (rule.kind !== 'adaptive' && times[j] === frozenFrom),
        )
      for (const question of [tokensOf(12, 1), tokensOf(9, 9)]) {
        const tokens = Uint32Array.of(...text, ...question)
        const { deaths } = await engine.logits(pack(engine, [{ tokens, trunk: null, frozenFrom }]), rule)
        for (let l = 0; l < L; l++) {
          const times = deaths?.[l][0] ?? new Uint32Array()
          assert.equal(
            Array.from(times, (time) => time !== NEVER),
            [...isGone(alone.deaths?.[l][0] ?? new Uint32Array()), ...Array.from(question, () => false)],
          )
          assert.ok(times.some((time) => time !== NEVER))
        }
      }
    })

    test(`${rule.kind}: branches are scored as the whole sequences they stand for`, async () => {
      const whole = tokensOf(44, 3)
      for (const [shared, frozenFrom] of [
        [30, 30],
        [26, 30],
        [34, 30],
      ]) {
        const cut = [whole.subarray(0, shared), whole.subarray(shared), tokensOf(9, 4)]
        const branches = await engine.logits(
          pack(
            engine,
            cut.map((tokens, i) => ({ tokens, trunk: i === 0 ? null : 0, frozenFrom })),
          ),
          rule,
        )
        const wholes = [whole, Uint32Array.of(...cut[0], ...cut[2])]
        const apart = await engine.logits(
          pack(
            engine,
            wholes.map((tokens) => ({ tokens, trunk: null, frozenFrom })),
          ),
          rule,
        )
        for (let l = 0; l < L; l++)
          assert.equal(branches.deaths?.[l].slice(1), apart.deaths?.[l], `${shared} shared, layer ${l}`)
        const rows = ({ logits }: { logits: Float32Array }, from: number, to: number) =>
          logits.subarray(from * V, to * V)
        assert.ok(largestDifference(rows(branches, shared, 44), rows(apart, shared, 44)) < 1e-5)
        assert.ok(largestDifference(rows(branches, 44, 53), rows(apart, 44 + shared, 53 + shared)) < 1e-5)
      }
    })
  }

  test('a branch is frozen where its trunk is, and a soft rule takes nothing frozen', async () => {
    const [one, two] = [Uint32Array.of(1, 2, 3), Uint32Array.of(4)]
    assert.throws(
      () =>
        pack(engine, [
          { tokens: one, trunk: null, frozenFrom: 3 },
          { tokens: two, trunk: 0 },
        ]),
      /segment 1 and its trunk 0 are frozen from different positions/,
    )
    const frozen = pack(engine, [{ tokens: one, trunk: null, frozenFrom: 2 }])
    const failed = await engine.logits(frozen, { kind: 'soft', alpha: 2, shift: 0 }).catch(String)
    assert.match(failed as string, /soft pruning: sequences that are frozen/)
  })
})
