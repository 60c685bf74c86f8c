/** What `asp ppl` measures against values of another implementation, and against `asp eval` where they measure the same. */
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { sampleText } from '../../src/data/text-sample.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'
import { scoreRequests } from '../../src/eval/score.js'
import { scoreWindows, sharesByRow } from '../../src/ppl/score.js'
import { PROTOCOLS, type Window } from '../../src/ppl/windows.js'
import { type RuleFigures, ruleFigures, type WindowScore } from '../../src/record/ppl/figures.js'
import { mean, sum } from '../../src/stats/basics.js'
import { rollingWindows } from '../../src/suites/rolling.js'
import { goldenTensors, openBundled } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'

const CTX = 1024
const golden = goldenTensors('tiny/text')
const checkpoint = await openBundled('asp-tiny')
const tokenizer = await loadTokenizer(fileURLToPath(new URL('../../models/asp-tiny', import.meta.url)), 8192)

async function measure(engine: Engine, windows: readonly Window[], rules: readonly DropRule[]) {
  const scores: WindowScore[][] = [[], ...rules.map(() => [])]
  for await (const batch of scoreWindows(engine, windows, { rules, batchTokens: 2048 })) {
    for (const window of batch) for (const [i, score] of window.entries()) scores[i].push(score)
  }
  return scores
}

const whole = (tokens: Uint32Array) => ({ start: 0, end: tokens.length })

await onEachAdapter(
  'perplexity',
  (test, open) => {
    let engine: Engine
    test.before(async () => {
      engine = await openEngine(open, checkpoint)
    })
    test.after(() => engine.close())

    test('a window of 1,024 tokens: dense and step losses, sparsity, by another implementation in float64', async () => {
      const tokens = golden.words('input_ids').subarray(0, CTX)
      const options = { ctx: CTX, stride: CTX, prefixToken: 0 }
      const windows = PROTOCOLS.strided.windows(tokens, whole(tokens), options)
      assert.is(windows.length, 1)
      const [dense, step] = await measure(engine, windows, [{ kind: 'adaptive', shift: 0 }])
      const figures = (scores: WindowScore[], base: WindowScore[] | null): RuleFigures =>
        ruleFigures([{ rows: CTX, firstRow: windows[0].firstRow }], scores, base, { words: 1, bytes: 1 }, CTX)
      const expected = (name: string) => -mean(golden.floats(`${name}.logprob`).subarray(0, CTX - 1))
      const [denseFigures, stepFigures] = [figures(dense, null), figures(step, dense)]
      assert.ok(Math.abs(denseFigures.nll - expected('unpruned')) < 1e-4, `dense: ${denseFigures.nll}`)
      assert.ok(Math.abs(stepFigures.nll - expected('adaptive')) < 1e-3, `step: ${stepFigures.nll}`)
      // S(k), S@ctx and S_pair straight from the golden death times, (6 layers, 3 windows, 1,024).
      const layers = Array.from({ length: 6 }, (_, l) =>
        golden.words('adaptive.death_time').subarray(3 * l * CTX, (3 * l + 1) * CTX),
      )
      const gone = (deaths: Uint32Array, k: number) => deaths.subarray(0, k).filter((t) => t <= k).length / k
      const pairs = (deaths: Uint32Array) => sum(Array.from(deaths, (t) => Math.max(0, CTX - t)))
      const { sparsity } = stepFigures
      assert.ok(
        Math.abs((sparsity?.at_ctx ?? 0) - mean(layers.map((deaths) => gone(deaths, CTX - 1)))) < 1e-3,
      )
      const pairShare = mean(layers.map(pairs)) / ((CTX * (CTX - 1)) / 2)
      assert.ok(Math.abs((sparsity?.achieved ?? 0) - pairShare) < 1e-3)
      const early = stepFigures.positions[1].sparsity ?? 0
      const rows = Array.from({ length: 16 }, (_, i) => 16 + i)
      assert.ok(Math.abs(early - mean(rows.map((k) => mean(layers.map((deaths) => gone(deaths, k)))))) < 1e-3)
      assert.equal([...sharesByRow([2, 2, 9], 3)], [0, 0, 1])
    })

    test('windowed scores what the rolling log-likelihood of asp eval does, request by request', async () => {
      const tokens = tokenizer.encode((await sampleText()).slice(0, 2000)).subarray(0, 400)
      const rules: DropRule[] = [{ kind: 'adaptive', shift: 0.5 }]
      const options = { ctx: 128, stride: 1, prefixToken: tokenizer.prefixToken }
      const scores = await measure(engine, PROTOCOLS.windowed.windows(tokens, whole(tokens), options), rules)
      const requests = rollingWindows(tokens, tokenizer.prefixToken, 128).map(
        ({ input, targets }, index) => ({
          doc: 0,
          index,
          context: '',
          continuation: '',
          input: Uint32Array.from(input),
          targets: Uint32Array.from(targets),
        }),
      )
      const limits = { tokens: 2048, requests: Number.POSITIVE_INFINITY }
      for (const [i, rule] of [{ kind: 'dense' } as const, ...rules].entries()) {
        const scored = []
        for await (const batch of scoreRequests(engine, requests, { rule, limits })) scored.push(...batch)
        assert.is(scored.length, 4)
        for (const [w, { score }] of scored.entries()) {
          const { logprobs, drops } = scores[i][w]
          assert.ok(Math.abs(sum(logprobs) - score.logprob) < 1e-6, `${rule.kind}, window ${w}`)
          if (drops === null) continue
          assert.equal(
            Array.from(drops.pairShares),
            score.removed.map((removed) => removed / score.pairs),
          )
          // The last row sees itself and what is alive.
          const alive = Array.from(drops.last ?? [], (share) => 128 - share * 127)
          assert.equal(alive.map(Math.round), score.kept)
        }
      }
    })

    test('soft rules lie beside the step function; dense is its own base', async () => {
      const tokens = tokenizer.encode((await sampleText()).slice(0, 600)).subarray(0, 64)
      const rules: DropRule[] = [
        { kind: 'adaptive', shift: 0 },
        { kind: 'soft', alpha: 32, shift: 0 },
        { kind: 'soft', alpha: 8, shift: 1e4 },
      ]
      const options = { ctx: 32, stride: 1, prefixToken: tokenizer.prefixToken }
      const [dense, step, steep, kept] = await measure(
        engine,
        PROTOCOLS.windowed.windows(tokens, whole(tokens), options),
        rules,
      )
      const loss = (scores: WindowScore[]) => -mean(scores.map(({ logprobs }) => mean(logprobs)))
      assert.ok(Math.abs(loss(steep) - loss(step)) < 0.05, 'a steep sigmoid is nearly a step')
      assert.ok(Math.abs(loss(kept) - loss(dense)) < 1e-4, 'what keeps everything is dense')
      assert.ok(
        kept.every(({ kl, agree }) => Math.max(...(kl ?? [1])) < 1e-4 && agree?.every((flag) => flag === 1)),
      )
      assert.ok(Math.abs((steep[0].drops?.pairShares[2] ?? 0) - (step[0].drops?.pairShares[2] ?? 1)) < 0.05)
      assert.ok(step.some(({ kl }) => Math.max(...(kl ?? [])) > 1e-3))
    })
  },
  { once: true },
)
