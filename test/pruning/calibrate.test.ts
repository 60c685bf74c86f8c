import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import type { Engine } from '../../src/engine/engine.js'
import { scoreRequests } from '../../src/eval/score.js'
import {
  type Calibration,
  calibrate,
  REQUESTS,
  type Sequence,
  sampleByLength,
} from '../../src/pruning/calibrate.js'
import { addScore, emptyCounts, sparsityOf } from '../../src/record/eval/build.js'
import { mean } from '../../src/stats/basics.js'
import { buildRequests } from '../../src/suites/build-requests.js'
import { readLocal } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import type { Request } from '../../src/suites/request.js'
import { loadSuite, SUITES } from '../../src/suites/suite.js'
import { openBundled } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { tokens } from '../suites/requests.js'

/** What a calibration looks at. */
const inputsOf = (requests: readonly Request[]): Sequence[] =>
  requests.map(({ input }) => ({ tokens: input }))

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
        const calibration: Calibration = await calibrate(engine, inputsOf(requests), {
          sparsity,
          seed: 1,
          sample: REQUESTS,
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
      const few = inputsOf(requests.slice(0, 2))
      const [one, two] = [
        await calibrate(engine, few, { sparsity: 0.7, seed: 3, sample: REQUESTS }),
        await calibrate(engine, few, { sparsity: 0.7, seed: 3, sample: REQUESTS }),
      ]
      assert.equal(one, two)
      const stop = calibrate(engine, few, {
        sparsity: 0.7,
        seed: 3,
        sample: REQUESTS,
        signal: AbortSignal.abort(),
      })
      const error = await stop.catch((thrown: unknown) => thrown)
      assert.is(error instanceof Error && error.name, 'AbortError')
    })

    test('a sparsity that the grace of tokens leaves out of reach is not searched for', async () => {
      const interaction = { dim: 64, propagateInDepth: false, grace: 16 }
      const patient = await openEngine(open, { ...checkpoint, config: { ...checkpoint.config, interaction } })
      const options = { seed: 1, sample: REQUESTS }
      const beyond = await calibrate(patient, inputsOf(requests), { sparsity: 0.9, ...options })
      const within = await calibrate(patient, inputsOf(requests), { sparsity: 0.3, ...options })
      patient.close()
      assert.is(beyond.evaluations.length, 1)
      const pairs = (length: number): number => (length * (length - 1)) / 2
      const lengths = requests.map(({ input }) => input.length)
      const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
      const most = sum(lengths.map((n) => pairs(n - 16))) / sum(lengths.map(pairs))
      assert.ok(most < 0.9 && Math.abs(beyond.sparsity - most) < 1e-12, `${beyond.sparsity}, not ${most}`)
      assert.ok(Math.abs(within.sparsity - 0.3) < 0.02, `${within.sparsity}`)
    })

    test('requests without a single pair end the search', async () => {
      const options = { sparsity: 0.5, seed: 1, sample: REQUESTS }
      const { sparsity, sequences: sampled } = await calibrate(
        engine,
        [1, 2, 3].map((token) => ({ tokens: [token] })),
        options,
      )
      assert.equal([sparsity, sampled], [0, 0])
    })

    const lengths = Array.from({ length: 200 }, (_, i) => 2 + ((i * 37) % 90))
    const many = lengths.map((length, i) => ({ tokens: tokens(length, i) }))
    const size = { sequences: 40, tokens: 1e6 }
    const sizes = (list: readonly Sequence[]) => list.map(({ tokens }) => tokens.length)

    test('the sample has the lengths of the whole', () => {
      for (const seed of [1, 2, 1234]) {
        const sample = sampleByLength(many, size, seed)
        assert.is(new Set(sample).size, 40)
        assert.ok(sample.every((one) => many.includes(one)))
        // One-token inputs have no pair to remove and are never sampled.
        const eligible = sizes(many).filter((length) => length > 1)
        assert.ok(Math.abs(mean(sizes(sample)) - mean(eligible)) < 1.5)
        assert.ok(Math.min(...sizes(sample)) > 1 && Math.min(...sizes(sample)) < 6)
        assert.ok(Math.max(...sizes(sample)) > 85)
      }
    })

    test('the sample hangs on the seed alone', () => {
      const sample = sampleByLength(many, size, 5)
      assert.equal(sampleByLength(many, size, 5), sample)
      assert.not.equal(sampleByLength(many, size, 7), sample)
    })

    test('the sample keeps to its size, and is all there is when that is less', () => {
      assert.is(sampleByLength(many, { sequences: 7, tokens: 1e6 }, 1).length, 7)
      const total = sizes(sampleByLength(many, { sequences: 1000, tokens: 1000 }, 1))
      assert.ok(Math.abs(total.length * mean(total) - 1000) < 150)
      assert.is(sampleByLength(many, { sequences: 1000, tokens: 1 }, 1).length, 1)
      const three = [9, 5, 7].map((length, i) => ({ tokens: tokens(length, i) }))
      assert.equal(sizes(sampleByLength(three, { sequences: 10, tokens: 1e6 }, 9)), [5, 7, 9])
      assert.equal(sampleByLength([], size, 1), [])
    })
  },
  { once: true },
)
