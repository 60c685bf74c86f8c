import * as assert from 'uvu/assert'
import { packBatch } from '../../src/engine/batch.js'
import { causalPairs } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'
import { type Scored, scoreRequests } from '../../src/eval/score.js'
import { sum } from '../../src/stats/basics.js'
import { type GoldenRequest, goldenRequests, goldenTensors, openBundled, requestOf } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'

/** Below this a float32 run may decide differently, and from there on everything differs. */
const MARGIN = 2e-5
const LIMITS = { tokens: 2048, requests: Number.POSITIVE_INFINITY }

const WINDOW = 1024
const text = goldenTensors('tiny/text')
const ids = text.words('input_ids')
const times = text.words('adaptive.death_time')

const CASES: {
  name: 'dense' | 'unpruned' | 'adaptive'
  model: 'asp-tiny' | 'asp-tiny-dense'
  rule: DropRule
}[] = [
  { name: 'dense', model: 'asp-tiny-dense', rule: { kind: 'dense' } },
  { name: 'unpruned', model: 'asp-tiny', rule: { kind: 'dense' } },
  { name: 'adaptive', model: 'asp-tiny', rule: { kind: 'adaptive', shift: 0 } },
]

const checkpoints = {
  'asp-tiny': await openBundled('asp-tiny'),
  'asp-tiny-dense': await openBundled('asp-tiny-dense'),
}

/** Documents of every suite: all of them where that is quick, else the first few of each. */
function choose(all: readonly GoldenRequest[], documents: number): GoldenRequest[] {
  const kept = new Map<string, Set<number>>()
  return all.filter(({ suite, idx }) => {
    const seen = kept.get(suite) ?? new Set()
    kept.set(suite, seen)
    if (seen.size < documents) seen.add(idx)
    return seen.has(idx)
  })
}

async function scoreAll(engine: Engine, golden: readonly GoldenRequest[], rule: DropRule): Promise<Scored[]> {
  const documents = [...new Set(golden.map(({ suite, idx }) => `${suite} ${idx}`))]
  const requests = golden.map((one) => requestOf(one, documents.indexOf(`${one.suite} ${one.idx}`)))
  const scored: Scored[] = []
  for await (const batch of scoreRequests(engine, requests, { rule, limits: LIMITS })) scored.push(...batch)
  return scored
}

await onEachAdapter('golden tiny', (test, open) => {
  const slow = open.adapter.kind === 'swiftshader'
  const golden = choose(goldenRequests(), slow ? 2 : Number.POSITIVE_INFINITY)
  const engines = new Map<string, Engine>()
  test.before(async () => {
    for (const [name, checkpoint] of Object.entries(checkpoints)) {
      engines.set(name, await openEngine(open, checkpoint))
    }
  })
  test.after(() => {
    for (const engine of engines.values()) engine.close()
  })
  const engineOf = (name: string): Engine => {
    const engine = engines.get(name)
    if (engine === undefined) throw new Error(`no engine ${name}`)
    return engine
  }

  for (const { name, model, rule } of CASES) {
    test(`${name}: log-probability, arg max and sparsity of ${golden.length} requests`, async () => {
      const scored = await scoreAll(engineOf(model), golden, rule)
      assert.is(scored.length, golden.length)
      let skipped = 0
      for (const [i, want] of golden.entries()) {
        const { score } = scored[i]
        const label = `${want.suite} ${want.idx}, choice ${want.choice}`
        if (name === 'adaptive' && want.adaptive.min_margin < MARGIN) {
          skipped++
          continue
        }
        assert.ok(Math.abs(score.logprob - want[name].ll) < 2e-3, `${label}: ${score.logprob}`)
        assert.is(score.greedy, want[name].greedy, label)
        const sparsity = score.removed.map((removed) => removed / causalPairs(scored[i].request.input.length))
        const expected = name === 'adaptive' ? want.adaptive.S_pair : sparsity.map(() => 0)
        assert.ok(largestDifference(sparsity, expected) < 2e-3, `${label}: sparsity ${sparsity}`)
      }
      const close = golden.filter(({ adaptive }) => adaptive.min_margin < MARGIN).length
      assert.is(skipped, name === 'adaptive' ? close : 0)
      assert.ok(close <= 2, `${close} requests of ${golden.length} hang on rounding`)
    })
  }

  for (const { name, model, rule } of slow ? CASES.slice(2) : CASES) {
    const windows = name === 'adaptive' && !slow ? [0, 1, 2] : [0]
    test(`${name}: ${windows.length} x ${WINDOW} tokens of text`, async () => {
      const engine = engineOf(model)
      for (const w of windows) {
        const tokens = ids.subarray(w * WINDOW, (w + 1) * WINDOW)
        const targets = Array.from(tokens.subarray(1), (token, row) => ({ segment: 0, row, token }))
        const result = await engine.score(packBatch([{ tokens, trunk: null }], targets, engine.tiles), rule)
        // Three million scores: some are within rounding of zero, and such a key may die at another time.
        const differing = (result.deaths ?? []).map(([deaths], layer) => {
          const expected = times.subarray((3 * layer + w) * WINDOW, (3 * layer + w + 1) * WINDOW)
          return deaths.filter((death, j) => death !== expected[j]).length
        })
        assert.ok(sum(differing) <= 6, `window ${w}: death times differ, by layer ${differing}`)
        const expected = text.floats(`${name}.logprob`).subarray(w * (WINDOW - 1))
        const off = result.logprobs.map((logprob, i) => Math.abs(logprob - expected[i])).sort()
        const allowed = sum(differing) === 0 ? off.length - 1 : Math.floor(0.99 * off.length)
        assert.ok(off[allowed] < 2e-3, `window ${w}: ${off[allowed]}`)
      }
    })
  }
})
