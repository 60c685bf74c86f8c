/**
 * Policies of a size evict in decoding what they drop in scoring, token by token (docs/method.md, Properties 13): the same death
 * times and logits, for every cache and however prompts are cut, and the rows that are gone are really gone.
 */
import { CACHE_KINDS } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import { SIZED, SIZED_KINDS, type SizedRule, sizedRule } from '../../src/engine/policies/index.js'
import { goldenTensors, openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { assertSame, liveRows, stepByStep, wholePass } from './decode-runs.js'

const micro = await openMicro()
/** Nothing of what they do needs interaction weights. */
const plain = { tensors: micro.tensors, config: { ...micro.config, interaction: null } }
const ids = goldenTensors('micro/forward').words('input_ids')
const SEQUENCES = [40, 33, 9].map((length, b) => ids.slice(40 * b, 40 * b + length))

const half = (length: number): number => Math.ceil(length / 2)
const first = (): number => 1

await onEachAdapter('decoding under policies', (test, open) => {
  const second = open.adapter.kind === 'swiftshader'
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, plain)
  })
  test.after(() => engine.close())

  for (const kind of SIZED_KINDS) {
    test(`${kind}: steps evict what one pass drops`, async () => {
      const { least } = SIZED[kind]
      for (const size of second ? [least + 7] : [Math.max(least, 3), least + 7]) {
        const rule = sizedRule(kind, size) as SizedRule
        const whole = await wholePass(engine, SEQUENCES, rule)
        const live = liveRows(rule, engine.config)
        for (const cache of second ? (['paged'] as const) : CACHE_KINDS) {
          assertSame(await stepByStep(engine, SEQUENCES, { rule, cache, chunk: 7 }, half), whole, { live })
        }
        if (second) continue
        for (const [chunk, prompt] of [
          [1, half],
          [64, (length: number) => length],
          [64, first],
        ] as const) {
          assertSame(await stepByStep(engine, SEQUENCES, { rule, chunk }, prompt), whole, { live })
        }
      }
    })
  }
})
