/** lm-eval's golden perplexity, which needs no text: the dummy model never looks at one (docs/lm-eval.md, Without a model). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bootstrapInThreads, bootstrapLong } from '../../src/eval/bootstrap.js'
import { pythonRandom } from '../../src/stats/python-random.js'
import { bootstrapStandardError } from '../../src/stats/replicates.js'
import { aggregate } from '../../src/suites/metrics.js'
import { loadSuite } from '../../src/suites/suite.js'

const lambada = loadSuite('lambada_openai')
const test = suite('bootstrap')

/** Each request twice, as v0.3 had it: of the two draws the first is the log-probability. */
const { random } = pythonRandom(42)
const golden = Array.from({ length: 5153 }, () => {
  const perplexity = -random()
  random()
  return { perplexity, acc: 0 }
})

test('golden perplexity and standard error of 5153 documents', () => {
  const got = aggregate(lambada, golden, { bootstrapIterations: 10 })
  assert.is(got['perplexity,none'], 1.6479047769869253)
  assert.is(got['perplexity_stderr,none'], 0.006497321146240192)
})

test('threads give the serial figure to the bit, and say how far they are', async () => {
  const values = golden.slice(0, 300).map(({ perplexity }) => perplexity)
  const serial = bootstrapStandardError(values, 'exp_of_minus', 7500)
  for (const threads of [1, 3]) {
    const told: number[] = []
    const got = await bootstrapInThreads(values, 'exp_of_minus', 7500, {
      threads,
      onProgress: (done, total) => told.push(done / total),
    })
    assert.is(got, serial)
    assert.equal(told.length, 7)
    assert.is(told[6], 1)
  }
})

async function aggregateInThreads(
  documents: typeof golden,
  options: { bootstrapIterations: number; onProgress: () => number; threads: number },
): Promise<object> {
  const bootstrapped = await bootstrapLong(lambada, documents, options)
  return aggregate(lambada, documents, { bootstrapIterations: options.bootstrapIterations, bootstrapped })
}

test('a long bootstrap goes to threads, a short one does not', async () => {
  let told = 0
  const options = { onProgress: () => told++, threads: 2 }
  const short = await aggregateInThreads(golden.slice(0, 40), { bootstrapIterations: 1000, ...options })
  assert.is(told, 0)
  assert.equal(short, aggregate(lambada, golden.slice(0, 40), { bootstrapIterations: 1000 }))
  const long = await aggregateInThreads(golden, { bootstrapIterations: 4000, ...options })
  assert.is(told, 4)
  assert.equal(long, aggregate(lambada, golden, { bootstrapIterations: 4000 }))
})

test('stopping ends it', async () => {
  const stop = new AbortController()
  const work = bootstrapInThreads(
    golden.map(({ perplexity }) => perplexity),
    'exp_of_minus',
    100_000,
    {
      threads: 1,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('stopped')),
    },
  )
  assert.is(await work.catch((error: Error) => error.message), 'stopped')
})

test.run()
