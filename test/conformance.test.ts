/**
 * asp against lm-evaluation-harness itself: what lm-eval's hf backend gave for asp-tiny-dense in float32 on the bundled
 * samples (test/fixtures/lm-eval, made by scripts/compare-lm-eval.py). Without a device: hashes of documents, prompts and
 * targets, and every figure recomputed from lm-eval's own log-probabilities. On the processor: the first documents of every
 * suite scored; on a software adapter of one suite.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../src/data/checkpoint.js'
import { loadTokenizer } from '../src/data/tokenizer.js'
import { lmEvalTask } from '../src/eval/lm-eval-task.js'
import { scoreRequests } from '../src/eval/score.js'
import { sampleLine } from '../src/record/eval/samples.js'
import { lmEvalSamples, taskHash } from '../src/record/lm-eval/samples.js'
import { readLocal, readSample } from '../src/suites/dataset.js'
import { aggregate, documentMetrics, higherIsBetter } from '../src/suites/metrics.js'
import { loadSuite } from '../src/suites/suite.js'
import { prepareTask, type Task } from '../src/suites/task.js'
import { onEachAdapter, openEngine } from './gpu.js'

const FIXTURES = fileURLToPath(new URL('./fixtures/lm-eval/', import.meta.url))
const MODEL = fileURLToPath(new URL('../models/asp-tiny-dense', import.meta.url))

/** First line of a fixture: what lm-eval made of all documents. */
interface Head {
  data_sha256: string
  results: Record<string, number | 'N/A'>
  task_hash: string
  higher_is_better: Record<string, boolean>
  sample_keys: string[]
}

/** One document: lm-eval's responses to its requests (one to a rolling one), and the hashes of the first documents. */
interface Line {
  responses: [logprob: number, greedy?: boolean][]
  hashes?: [doc: string, prompt: string, target: string]
}

interface Fixture {
  name: string
  task: Task
  head: Head
  lines: Line[]
}

const LOGPROB_TOLERANCE = 1e-3
const PERPLEXITY_TOLERANCE = 1e-4
/** Scored of a suite: documents until either is reached. */
const DOCUMENTS = 12
const TOKENS = 250

/** The suite that asks made documents. */
const MADE: Record<string, string> = { lambada_greedy: 'lambada_openai' }

const tokenizer = await loadTokenizer(MODEL, 8192)
const checkpoint = await openCheckpoint(MODEL, { id: 'asp-tiny-dense' })
const names = readdirSync(FIXTURES)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => file.replace('.jsonl', ''))

async function load(name: string): Promise<Fixture> {
  const [head, ...lines] = readFileSync(`${FIXTURES}${name}.jsonl`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  // Made documents, where the real ones leave something out, are in a file of their own.
  const made = `${FIXTURES}data/${name}.jsonl`
  const chosen = loadSuite(MADE[name] ?? name)
  const dataset = existsSync(made) ? await readLocal(chosen, made) : await readSample(chosen)
  return { name, task: prepareTask(chosen, dataset, tokenizer, 1024, {}), head, lines }
}

const fixtures = await Promise.all(names.map(load))

/** lm-eval's responses as scores; a rolling document's one response stands for all its windows. */
function theirScores({ responses }: Line) {
  return responses.map(([logprob, greedy = false]) => ({ logprob, greedy, pairs: 0, removed: [], kept: [] }))
}

/** lm-eval's samples as asp's log would have them. */
function theirLog({ task, lines }: Fixture) {
  return task.examples.flatMap((example, i) => {
    const scores = theirScores(lines[i])
    const metrics = documentMetrics(task.suite, example, scores)
    return scores.map((score, index) =>
      sampleLine({
        task: task.suite.name,
        document: { id: example.docId, hash: '', requests: scores.length, gold: example.gold },
        request: { doc: example.doc, index, input: [], targets: [] },
        score,
        metrics: index === scores.length - 1 ? (metrics as Record<string, number | number[]>) : undefined,
      }),
    )
  })
}

const agreement = suite('agreement with lm-eval, without a device')

agreement('the fixture covers what was promised', () => {
  for (const name of ['hellaswag', 'piqa', 'winogrande', 'lambada_openai', 'arc_easy', 'boolq']) {
    const fixture = fixtures.find((one) => one.name === name)
    assert.ok((fixture?.lines.length ?? 0) >= 200, name)
  }
  assert.ok(names.includes('wikitext'))
  const flags = fixtures.flatMap(({ lines }) =>
    lines.flatMap(({ responses }) => responses.map(([, flag]) => flag)),
  )
  assert.ok(
    flags.filter((flag) => flag === true).length > 100,
    'greedy flags are compared where they are true',
  )
})

for (const fixture of fixtures) {
  const { name, task, head, lines } = fixture

  agreement(`${name}: documents, prompts and targets hash to lm-eval's`, () => {
    assert.is(
      task.origin.sha256,
      head.data_sha256,
      'the sample changed: run scripts/compare-lm-eval.py --fixture',
    )
    const samples = lmEvalSamples(lmEvalTask(task, []).documents, theirLog(fixture))
    assert.is(samples.length, lines.length)
    for (const [i, { hashes }] of lines.entries()) {
      if (hashes === undefined) continue
      const { doc_hash, prompt_hash, target_hash } = samples[i]
      assert.equal([doc_hash, prompt_hash, target_hash], hashes, `document ${i}`)
    }
    assert.is(taskHash(samples), head.task_hash)
    assert.equal(Object.keys(samples[0]), head.sample_keys)
  })

  agreement(`${name}: figures from lm-eval's log-probabilities are lm-eval's`, () => {
    const documents = task.examples.map((example, i) =>
      documentMetrics(task.suite, example, theirScores(lines[i])),
    )
    const figures = aggregate(task.suite, documents)
    assert.equal(Object.keys(figures).sort(), Object.keys(head.results).sort())
    for (const [key, expected] of Object.entries(head.results))
      assertFigure(key, figures[key], expected, 1e-12)
    assert.equal(higherIsBetter(task.suite), head.higher_is_better)
  })
}

agreement.run()

function assertFigure(
  key: string,
  actual: number | 'N/A',
  expected: number | 'N/A',
  tolerance: number,
): void {
  if (typeof actual !== 'number' || typeof expected !== 'number') {
    assert.is(actual, expected, key)
    return
  }
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.abs(expected),
    `${key}: ${actual} for ${expected}`,
  )
}

/** Requests of the first documents, as many as the limits allow; of wikitext the shortest page. */
function firstRequests({ requests, requestCounts, suite: { output } }: Task) {
  if (output === 'loglikelihood_rolling') {
    const shortest = requestCounts.indexOf(Math.min(...requestCounts))
    return requests.filter(({ doc }) => doc === shortest)
  }
  let tokens = 0
  let last = -1
  for (const { doc, index, input } of requests) {
    if (index === 0 && (doc >= DOCUMENTS || tokens >= TOKENS)) break
    last = doc
    tokens += input.length
  }
  return requests.filter(({ doc }) => doc <= last)
}

await onEachAdapter('agreement with lm-eval', (test, open) => {
  const scored = open.adapter.kind === 'cpu' ? fixtures : fixtures.slice(0, 1)
  test(`log-probabilities and greedy flags of ${scored.length} suites`, async () => {
    const engine = await openEngine(open, checkpoint)
    try {
      for (const { name, task, lines } of scored) {
        const rolling = task.suite.output === 'loglikelihood_rolling'
        const requests = firstRequests(task)
        assert.ok(requests.length > 0)
        const sums = new Map<number, number>()
        const limits = { tokens: 2048, requests: Number.POSITIVE_INFINITY }
        for await (const batch of scoreRequests(engine, requests, { rule: { kind: 'dense' }, limits })) {
          for (const { request, score } of batch) {
            sums.set(request.doc, (sums.get(request.doc) ?? 0) + score.logprob)
            if (rolling) continue
            const [logprob, greedy] = lines[request.doc].responses[request.index]
            const where = `${name}: document ${request.doc}, request ${request.index}`
            const difference = Math.abs(score.logprob - logprob)
            assert.ok(difference <= LOGPROB_TOLERANCE, `${where}: ${score.logprob} for ${logprob}`)
            assert.is(score.greedy, greedy, `${where}: greedy`)
          }
        }
        if (!rolling) continue
        for (const [doc, sum] of sums)
          assertFigure(
            `${task.suite.name}: page ${doc}`,
            sum,
            lines[doc].responses[0][0],
            PERPLEXITY_TOLERANCE / 10,
          )
      }
    } finally {
      engine.close()
    }
  })
})
