import * as assert from 'uvu/assert'
import { causalPairs } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'
import { planBatches } from '../../src/eval/plan.js'
import { type Scored, scoreRequests } from '../../src/eval/score.js'
import type { Request } from '../../src/suites/request.js'
import { openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { logsumexpReference } from '../reference/logsumexp.js'
import { readWeights } from '../reference/weights.js'
import { request, tokens } from '../suites/requests.js'

const checkpoint = await openMicro()
const { config } = checkpoint
if (config.interaction === null) throw new Error('the micro model has interaction weights')
const deepConfig = { ...config, interaction: { ...config.interaction, propagateInDepth: true } }
const patientConfig = { ...config, interaction: { ...config.interaction, grace: 4 } }

const context = tokens(20, 1)
const head = tokens(9, 2)
const tail = tokens(6, 3)

/** Documents by what their requests share. */
const DOCUMENTS: Record<string, Request[]> = {
  'four endings of one context': [1, 5, 12, 25].map((n, i) =>
    request(0, i, [...context, ...tokens(n, i + 4)], n),
  ),
  'endings of a single token: the same input each time': [3, 50, 96].map((token, i) =>
    request(1, i, [...context, token], 1),
  ),
  'an input that goes on from another one': [
    request(2, 0, [...context, ...tail], 6),
    request(2, 1, [...context, ...tail, ...tokens(4, 9)], 10),
  ],
  'two contexts that part before the end, one continuation': [41, 42].map((option, i) =>
    request(3, i, [...head, option, ...tail], 6),
  ),
  'targets that begin within what is shared': [61, 62].map((last, i) =>
    request(4, i, [...context, last, ...tail], 20),
  ),
  'nothing in common': [request(5, 0, tokens(17, 20), 4), request(5, 1, tokens(23, 21), 22)],
  'one request, every token scored': [request(6, 0, tokens(48, 22), 47)],
}
const REQUESTS = Object.values(DOCUMENTS).flat()

const RULES: { name: string; rule: DropRule }[] = [
  { name: 'dense', rule: { kind: 'dense' } },
  { name: 'own threshold', rule: { kind: 'adaptive', shift: 0 } },
  { name: 'shifted', rule: { kind: 'adaptive', shift: 0.7 } },
]

const LIMITS = { tokens: 2048, requests: Number.POSITIVE_INFINITY }

type Options = Parameters<typeof scoreRequests>[2]

async function scoreAll(engine: Engine, options: Partial<Options>, requests = REQUESTS): Promise<Scored[]> {
  const scored: Scored[] = []
  const all = { rule: RULES[1].rule, limits: LIMITS, ...options }
  for await (const batch of scoreRequests(engine, requests, all)) scored.push(...batch)
  return scored
}

const withoutLogprob = ({ score: { greedy, pairs, removed, kept } }: Scored) => ({
  greedy,
  pairs,
  removed,
  kept,
})

function assertSame(got: readonly Scored[], expected: readonly Scored[]): void {
  assert.equal(
    got.map(({ request }) => request),
    expected.map(({ request }) => request),
  )
  for (const [i, one] of got.entries()) {
    const label = `document ${one.request.doc}, request ${one.request.index}`
    const off = Math.abs(one.score.logprob - expected[i].score.logprob)
    assert.ok(off < 1e-4, `${label}: log-probability off by ${off}`)
    assert.equal(withoutLogprob(one), withoutLogprob(expected[i]), label)
  }
}

const weights = await readWeights(checkpoint.tensors)

await onEachAdapter('scoring', (test, open) => {
  const engines: Record<string, Engine> = {}
  test.before(async () => {
    engines['each layer for itself'] = await openEngine(open, checkpoint)
    engines['a drop lasts in later layers'] = await openEngine(open, { ...checkpoint, config: deepConfig })
    engines['a grace'] = await openEngine(open, { ...checkpoint, config: patientConfig })
  })
  test.after(() => {
    for (const engine of Object.values(engines)) engine.close()
  })

  for (const [depth, sizes] of [
    ['each layer for itself', config],
    ['a drop lasts in later layers', deepConfig],
    ['a grace', patientConfig],
  ] as const) {
    for (const { name, rule } of RULES) {
      test(`sharing changes nothing: ${depth}, ${name}`, async () => {
        const unshared = await scoreAll(engines[depth], { rule, share: false })
        assert.equal(
          unshared.map(({ request }) => request),
          REQUESTS,
        )
        assertSame(await scoreAll(engines[depth], { rule }), unshared)
      })
    }

    test(`a branch drops what plain loops over its whole sequence drop: ${depth}`, async () => {
      const engine = engines[depth]
      const requests = [
        ...DOCUMENTS['four endings of one context'],
        ...DOCUMENTS['an input that goes on from another one'],
      ]
      const rule: DropRule = { kind: 'adaptive', shift: 0.3 }
      const [{ batch, requests: planned }] = planBatches(requests, {
        limits: LIMITS,
        tiles: engine.tiles,
        share: true,
      })
      assert.is(batch.rows, 20 + 0 + 4 + 11 + 24 + 25 + 0 + 4, 'contexts are run once')
      const { deaths, logprobs } = await engine.score(batch, rule)
      for (const { request, segment, firstTarget } of planned) {
        const { input, targets } = request
        const expected = gpt2Reference(sizes, weights, input, 0.3)
        assert.ok(expected.margin > 2e-5, `too near a tie to tell: ${expected.margin}`)
        assert.equal(
          deaths?.map((layer) => layer[segment]),
          expected.deaths,
        )
        targets.forEach((token, i) => {
          const row = input.length - targets.length + i
          const logits = expected.logits.subarray(97 * row, 97 * (row + 1))
          const off = Math.abs(
            logits[token] - logsumexpReference(logits).logsumexp - logprobs[firstTarget + i],
          )
          assert.ok(off < 1e-4, `request ${request.index}, target ${i}: off by ${off}`)
        })
      }
    })
  }

  test('batches of any size give the same scores in the same order', async () => {
    const engine = engines['each layer for itself']
    const whole = await scoreAll(engine, {})
    for (const limits of [
      { tokens: 60, requests: 100 },
      { tokens: 1, requests: 100 },
      { tokens: 2048, requests: 3 },
    ]) {
      assertSame(await scoreAll(engine, { limits }), whole)
    }
  })

  test('sums are over the targets, counts over the whole input', async () => {
    const engine = engines['each layer for itself']
    const sequence = tokens(30, 31)
    const [all, ...parts] = await scoreAll(engine, {}, [
      request(0, 0, sequence, 29),
      request(1, 0, sequence, 9),
      request(2, 0, sequence.slice(0, 21), 20),
    ])
    const [last, first] = parts.map(({ score }) => score)
    assert.ok(Math.abs(all.score.logprob - first.logprob - last.logprob) < 1e-4)
    assert.is(all.score.pairs, causalPairs(29))
    assert.equal([last.removed, last.kept], [all.score.removed, all.score.kept])
    const dense = await scoreAll(engine, { rule: { kind: 'dense' } }, [request(0, 0, sequence, 5)])
    assert.equal(dense[0].score.removed, [0, 0, 0])
    assert.equal(dense[0].score.kept, [29, 29, 29])
  })

  test("greedy means that every target is its row's arg max", async () => {
    const engine = engines['each layer for itself']
    const sequence = tokens(12, 33)
    for (let step = 0; step < 3; step++) {
      const candidates = Array.from({ length: 97 }, (_, token) => request(0, token, [...sequence, token], 1))
      const winners = (await scoreAll(engine, {}, candidates)).filter(({ score }) => score.greedy)
      assert.is(winners.length, 1)
      sequence.push(winners[0].request.index)
    }
    const wrong = sequence.with(-2, (sequence[sequence.length - 2] + 1) % 97)
    const [right, ...others] = await scoreAll(engine, {}, [
      request(0, 0, sequence, 3),
      request(1, 0, sequence, 4),
      request(2, 0, wrong, 3),
    ])
    assert.ok(right.score.greedy)
    assert.equal(
      others.map(({ score }) => score.greedy),
      [false, false],
    )
  })

  test('once aborted no further batch is started, and what was started still comes', async () => {
    const engine = engines['each layer for itself']
    const abort = new AbortController()
    const seen: Request[] = []
    const limits = { tokens: 1, requests: 100 }
    for await (const batch of scoreRequests(engine, REQUESTS, {
      rule: RULES[1].rule,
      limits,
      share: false,
      signal: abort.signal,
    })) {
      seen.push(...batch.map(({ request }) => request))
      abort.abort()
    }
    assert.ok(seen.length > 0 && seen.length < 5, `${seen.length} requests`)
    assert.equal(seen, REQUESTS.slice(0, seen.length))
  })

  test('no requests, no scores', async () => {
    assert.equal(await scoreAll(engines['each layer for itself'], {}, []), [])
  })
})
