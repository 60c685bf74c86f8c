import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import type { Engine } from '../../src/engine/engine.js'
import { scoreRequests } from '../../src/eval/score.js'
import { type Calibration, calibrate, sampleByLength } from '../../src/pruning/calibrate.js'
import { addScore, emptyCounts, sparsityOf } from '../../src/record/eval/build.js'
import { mean } from '../../src/stats/basics.js'
import { buildRequests } from '../../src/suites/build-requests.js'
import { readLocal } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import type { Request } from '../../src/suites/request.js'
import { loadSuite, SUITES } from '../../src/suites/suite.js'
import { openBundled } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { request, tokens } from '../suites/requests.js'

const MODEL = fileURLToPath(new URL('../../models/asp-tiny', import.meta.url))

/** Some items of the bundled sample, evenly spread, with all their endings. */
async function hellaswagRequests(items: number): Promise<Request[]> {
  const suite = loadSuite('hellaswag')
  const { rows } = await readLocal(suite, join(SUITES, 'samples/hellaswag.jsonl'))
  const tokenizer = await loadTokenizer(MODEL, 8192)
  const step = Math.floor(rows.length / items)
  const spread = loadExamples(suite, rows).filter((_, i) => i % step === 0)
  return spread.flatMap((example) => buildRequests(suite, example, tokenizer, 1024))
}

async function achieved(engine: Engine, requests: readonly Request[], shift: number): Promise<number> {
  let counts = emptyCounts(engine.config.nLayer)
  const limits = { tokens: 2048, requests: Number.POSITIVE_INFINITY }
  for await (const batch of scoreRequests(engine, requests, { rule: { kind: 'adaptive', shift }, limits })) {
    for (const { request, score } of batch) counts = addScore(counts, request.input.length, score)
  }
  return sparsityOf(counts).achieved
}

const checkpoint = await openBundled('asp-tiny')

await onEachAdapter(
  'calibration',
  (test, open) => {
    let engine: Engine
    let requests: Request[]
    test.before(async () => {
      engine = await openEngine(open, checkpoint)
      requests = await hellaswagRequests(open.adapter.kind === 'swiftshader' ? 2 : 10)
    })
    test.after(() => engine.close())

    for (const sparsity of [0.5, 0.8]) {
      test(`sparsity ${sparsity} of HellaSwag items is reached`, async () => {
        const reported: number[] = []
        const calibration: Calibration = await calibrate(engine, requests, {
          sparsity,
          seed: 1,
          onTry: ({ shift }) => reported.push(shift),
        })
        assert.ok(Math.abs(calibration.sparsity - sparsity) < 0.005, `sample: ${calibration.sparsity}`)
        assert.equal(
          calibration.evaluations.map(({ shift }) => shift),
          reported,
        )
        assert.ok(reported.includes(calibration.shift))
        const share = await achieved(engine, requests, calibration.shift)
        assert.ok(Math.abs(share - sparsity) < 0.01, `all requests: ${share}`)
      })
    }

    test('the same seed gives the same shift; an aborted calibration stops', async () => {
      const few = requests.slice(0, 2)
      const [one, two] = [
        await calibrate(engine, few, { sparsity: 0.7, seed: 3 }),
        await calibrate(engine, few, { sparsity: 0.7, seed: 3 }),
      ]
      assert.equal(one, two)
      const stop = calibrate(engine, few, { sparsity: 0.7, seed: 3, signal: AbortSignal.abort() })
      const error = await stop.catch((thrown: unknown) => thrown)
      assert.is(error instanceof Error && error.name, 'AbortError')
    })

    test('requests without a single pair end the search', async () => {
      const single = [1, 2, 3].map((doc) => request(doc, 0, [doc, doc + 1], 1))
      const { sparsity, sequences: sampled } = await calibrate(engine, single, { sparsity: 0.5, seed: 1 })
      assert.equal([sparsity, sampled], [0, 0])
    })

    const lengths = Array.from({ length: 200 }, (_, i) => 2 + ((i * 37) % 90))
    const many = lengths.map((length, i) => request(i, 0, tokens(length, i), 1))
    const size = { requests: 40, tokens: 1e6 }
    const inputs = (list: readonly Request[]) => list.map(({ input }) => input.length)

    test('the sample has the lengths of the whole', () => {
      for (const seed of [1, 2, 1234]) {
        const sample = sampleByLength(many, size, seed)
        assert.is(new Set(sample).size, 40)
        assert.ok(sample.every((one) => many.includes(one)))
        // One-token inputs have no pair to remove and are never sampled.
        const eligible = inputs(many).filter((length) => length > 1)
        assert.ok(Math.abs(mean(inputs(sample)) - mean(eligible)) < 1.5)
        assert.ok(Math.min(...inputs(sample)) > 1 && Math.min(...inputs(sample)) < 6)
        assert.ok(Math.max(...inputs(sample)) > 85)
      }
    })

    test('the sample hangs on the seed alone, and on no label', () => {
      const sample = sampleByLength(many, size, 5)
      assert.equal(sampleByLength(many, size, 5), sample)
      assert.not.equal(sampleByLength(many, size, 6), sample)
      const relabelled = many.map((one) => ({
        ...one,
        continuation: 'another',
        targets: Uint32Array.of(one.targets[0] + 1),
      }))
      assert.equal(
        sampleByLength(relabelled, size, 5).map(({ doc }) => doc),
        sample.map(({ doc }) => doc),
      )
    })

    test('the sample keeps to its size, and is all there is when that is less', () => {
      assert.is(sampleByLength(many, { requests: 7, tokens: 1e6 }, 1).length, 7)
      const total = inputs(sampleByLength(many, { requests: 1000, tokens: 1000 }, 1))
      assert.ok(Math.abs(total.length * mean(total) - 1000) < 150)
      assert.is(sampleByLength(many, { requests: 1000, tokens: 1 }, 1).length, 1)
      const three = [9, 5, 7].map((length, i) => request(i, 0, tokens(length, i), 1))
      assert.equal(
        sampleByLength(three, { requests: 10, tokens: 1e6 }, 9).map(({ doc }) => doc),
        [1, 2, 0],
      )
      assert.equal(sampleByLength([], size, 1), [])
    })
  },
  { once: true },
)
