/**
 * Policies on models whose scores of attention have another scale, in every layer another one: one pass drops what plain loops say, and
 * decoding drops what the pass does. And on long contexts: how many positions a policy can follow.
 */
import * as assert from 'uvu/assert'
import { packBatch } from '../../../src/engine/batch.js'
import { scoreScale } from '../../../src/engine/gpt2/config.js'
import {
  EVICTING,
  isEvicting,
  type SizedKind,
  type SizedRule,
  sizedRule,
} from '../../../src/engine/policies/index.js'
import { onEachAdapter, openEngine } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { evictionReference } from '../../reference/evictions.js'
import { gpt2Reference } from '../../reference/gpt2.js'
import { readWeights } from '../../reference/weights.js'
import { assertSame, stepByStep, wholePass } from '../decode-runs.js'
import { CASES, openCase, sequencesOf } from './cases.js'

const KINDS: readonly SizedKind[] = ['h2o', 'tova', 'expected', 'streaming']
const SIZE = 12

function named(name: string) {
  const found = CASES.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no case ${name}`)
  return found
}

const combined = await openCase(named('combined'))
const { config } = combined
const ids = Uint32Array.from({ length: 44 }, (_, i) => (i * 37 + 11) % config.vocabSize)
const long = named('n-positions-8192')

await onEachAdapter('policies on other architectures', (test, open) => {
  for (const kind of KINDS) {
    test(`${kind}: another scale of scores in each layer`, async () => {
      const rule = sizedRule(kind, SIZE) as SizedRule
      const engine = await openEngine(open, combined)
      try {
        const whole = await wholePass(engine, [ids], rule)
        if (isEvicting(rule)) {
          const { logits } = gpt2Reference(
            config,
            await readWeights(combined.tensors),
            ids,
            null,
            (qkv, layer) => {
              const { nEmbd: C, nHead: H } = config
              const { deaths } = evictionReference(rule, qkv, {
                C,
                H,
                layer,
                L: config.nLayer,
                context: config.nPositions,
                scale: scoreScale(config, layer),
              })
              assert.equal([...whole.deaths[layer][0]], [...deaths], `layer ${layer}`)
              return deaths
            },
          )
          const worst = largestDifference(whole.logits[0], logits)
          assert.ok(worst < 1e-4, `off by ${worst}`)
          const gone = whole.deaths
            .flat()
            .flatMap((times) => [...times])
            .filter((time) => time < ids.length)
          assert.ok(gone.length > 10, `${gone.length} are gone`)
        }
        const live = (times: Uint32Array): number =>
          isEvicting(rule) && ids.length % EVICTING[rule.kind].interval === 0
            ? rule.size
            : times.filter((time) => time > ids.length).length
        if (isEvicting(rule))
          assertSame(await stepByStep(engine, [ids], { rule, chunk: 7 }, () => 20), whole, { live })
        else {
          const steps = await stepByStep(engine, [ids], { rule, chunk: 7 }, () => 20)
          assert.ok(largestDifference(steps.logits[0], whole.logits[0]) < 1e-4)
        }
      } finally {
        engine.close()
      }
    })
  }

  test('8,192 positions: policies that go by position, and what evicts as far as it can', async () => {
    const engine = await openEngine(open, await openCase(long))
    try {
      const [tokens] = sequencesOf(long)
      const batch = packBatch([{ tokens, trunk: null }], [{ segment: 0, row: 8191, token: 5 }], engine.tiles)
      const streaming = await engine.score(batch, sizedRule('streaming', 256))
      assert.ok(Number.isFinite(streaming.logprobs[0]))
      const h2o = sizedRule('h2o', 256)
      if (open.adapter.kind === 'cpu') {
        const evicted = await engine.score(batch, h2o)
        const last = evicted.deaths?.[0][0].filter((time) => time > 8191).length
        assert.ok(Number.isFinite(evicted.logprobs[0]) && last === 257, `${last} see the last query`)
        return
      }
      await engine.score(batch, h2o).then(
        () => assert.unreachable(),
        ({ message }: Error) =>
          assert.match(message, /^h2o: follows sequences of at most \d+ tokens on this device, got 8192$/),
      )
      const shorter = { tokens: tokens.subarray(0, 2000), trunk: null }
      const part = packBatch([shorter], [{ segment: 0, row: 1999, token: 5 }], engine.tiles)
      assert.ok(Number.isFinite((await engine.score(part, h2o)).logprobs[0]))
    } finally {
      engine.close()
    }
  })
})
