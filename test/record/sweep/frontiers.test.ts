/** Frontiers of a sweep: qualities, costs and paired differences from records whose figures are known. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildBenchRecord } from '../../../src/record/bench/build.js'
import type { BenchRecord } from '../../../src/record/bench/schema.js'
import { buildRecord, type TaskParts } from '../../../src/record/eval/build.js'
import type { EvalRecord } from '../../../src/record/eval/schema.js'
import { buildPplRecord } from '../../../src/record/ppl/build.js'
import { cacheBytes } from '../../../src/record/sweep/costs.js'
import { sweepFrontiers } from '../../../src/record/sweep/frontiers.js'
import type { SweepCell, SweepFrontier } from '../../../src/record/sweep/schema.js'
import { mean, meanStandardError } from '../../../src/stats/basics.js'
import { benchParts, CONFIGURATIONS, RESULTS, samples } from '../bench-fixture.js'
import { hellaswag, recordParts } from '../fixture.js'
import { contextParts, pplParts, RULES } from '../ppl-fixture.js'

const test = suite('sweep frontiers')

/** A run of one suite of 200 documents, of which these are right. */
function scored(
  name: string,
  right: (document: number) => boolean,
  changes: Partial<TaskParts> = {},
): EvalRecord {
  const acc = Array.from({ length: 200 }, (_, i) => Number(right(i)))
  const task: TaskParts = {
    ...hellaswag,
    name,
    metrics: [{ name: 'acc', value: mean(acc), stderr: meanStandardError(acc), higherIsBetter: true }],
    perDocument: {
      hash: acc.map(String),
      doc_id: acc.map((_, i) => i),
      metrics: { acc },
      logprob: acc.map(() => -1),
      units: null,
    },
    ...changes,
  }
  return buildRecord(recordParts({ tasks: [task] }))
}

const cell = (id: string, record: EvalRecord | null): SweepCell => ({
  id,
  policy: id.split('-')[0],
  sparsity: Number(id.split('-')[1] ?? 0),
  stands_for: [],
  eval: record,
  refused: [],
})

const { model } = recordParts()
const nothing = { model, ppl: null, bench: null }
const kept = (each: number): Partial<TaskParts> => ({
  counts: { ...hellaswag.counts, kept: [800 * each, 800 * each] },
})
const verdicts = ({ points }: SweepFrontier) =>
  Object.fromEntries(
    points.map(({ cell, dominated_by, within_noise_of }) => [cell, [dominated_by, within_noise_of]]),
  )

test('suites alone: bytes of the keys alive at the ends of the requests', () => {
  const cells = [
    cell(
      'dense',
      scored('one', (i) => i < 100, kept(100)),
    ),
    // As good, cheaper: 20 keys, but with interaction keys.
    cell(
      'adaptive-0.8',
      scored('one', (i) => i < 100, kept(20)),
    ),
    // Cheaper still, and worse.
    cell(
      'local-0.8',
      scored('one', (i) => i < 60, kept(10)),
    ),
  ]
  const [only, ...more] = sweepFrontiers(cells, nothing)
  assert.equal(more, [])
  assert.equal(only.objectives, ['quality', 'cache'])
  assert.is(only.ctx, null)
  assert.is(only.cache_source, 'requests')
  assert.equal(only.quality, { kind: 'task', name: 'one', metric: 'acc', higher_is_better: true })
  // Two layers; a key and a value of 192 numbers, 64 more for the adaptive policy, 4 bytes each.
  assert.equal(
    only.points.map(({ cache_bytes }) => cache_bytes),
    [2 * 100 * 384 * 4, 2 * 20 * (384 + 64) * 4, 2 * 10 * 384 * 4],
  )
  assert.equal(verdicts(only), {
    dense: [['adaptive-0.8'], []],
    'adaptive-0.8': [[], []],
    'local-0.8': [[], []],
  })
  assert.match(only.note, /latency was not measured/)
})

test('where bytes are equal, a difference in quality counts only beyond its paired interval', () => {
  const base = scored('one', (i) => i < 100, kept(50))
  // Right in two more documents: 0.01 with a standard error of 0.007.
  const close = scored('one', (i) => i < 102, kept(50))
  // Right in twenty more: 0.1 with one of 0.02.
  const far = scored('one', (i) => i < 120, kept(50))
  const [frontier] = sweepFrontiers([cell('a', base), cell('b', close), cell('c', far)], nothing)
  assert.equal(verdicts(frontier), { a: [['c'], ['b']], b: [['c'], []], c: [[], []] })
})

test('several suites: their mean stands first, with pairs by suite', () => {
  const both = (first: number, second: number): EvalRecord => {
    const [a, b] = [scored('one', (i) => i < first), scored('two', (i) => i < second)]
    const merged = { results: { ...a.results, ...b.results }, tasks: { ...a.tasks, ...b.tasks } }
    return { ...a, ...merged, higher_is_better: { ...a.higher_is_better, ...b.higher_is_better } }
  }
  const found = sweepFrontiers([cell('a', both(100, 60)), cell('b', both(110, 70))], nothing)
  assert.equal(
    found.map(({ quality }) => [quality.kind, quality.name]),
    [
      ['mean', '2 suites'],
      ['task', 'one'],
      ['task', 'two'],
    ],
  )
  assert.ok(Math.abs(found[0].points[0].quality - 0.4) < 1e-12)
  // 0.05 each way, standard error 0.0154 a suite: sure alone, and surer together.
  assert.equal(verdicts(found[0]).a, [['b'], []])
})

const ppl = buildPplRecord(pplParts({ contexts: [contextParts({ rules: RULES.slice(0, 2) })] }))
const inText = [cell('dense', null), cell('adaptive-0.5', null)]

test('text alone: bytes of the keys alive at the ends of its windows', () => {
  const [only, ...more] = sweepFrontiers(inText, { ...nothing, ppl })
  assert.equal(more, [])
  assert.is(only.quality.metric, 'perplexity')
  assert.is(only.ctx, 8)
  assert.is(only.cache_source, 'windows')
  // S@8 is 0.5 and 0.9 by layer: 1 + 7 * 0.5 and 1 + 7 * 0.1 keys are left of 8.
  const [dense, pruned] = only.points.map(({ cache_bytes }) => cache_bytes ?? 0)
  assert.is(dense, 2 * 8 * 384 * 4)
  assert.ok(Math.abs(pruned - (1 + 3.5 + 1 + 0.7) * (384 + 64) * 4) < 1e-9)
  // A loss of 4 against 4.1 nats in every window: no trade without a price.
  assert.equal(verdicts(only), { dense: [[], []], 'adaptive-0.5': [[], []] })
  assert.ok(Math.abs(only.points[0].quality - Math.exp(ppl.contexts[0].rules[0].nll)) < 1e-9)
})

/** Six rounds at batch 2 and 512 tokens: dense in two seconds, pruned in `seconds`. */
function timed(...seconds: number[]): BenchRecord {
  const own = [samples(2, 2.1, 2, 2.2, 2, 2.1), samples(...seconds)]
  return buildBenchRecord(
    benchParts({
      configurations: CONFIGURATIONS.slice(0, 2),
      results: RESULTS.slice(0, 2).map((result, i) => ({ ...result, samples: own[i] })),
      curves: [],
    }),
  )
}

test('memory and latency: what was measured stands first, and a frontier with latency beside it', () => {
  const cells = [
    cell(
      'dense',
      scored('one', (i) => i < 101, kept(100)),
    ),
    cell(
      'adaptive-0.8',
      scored('one', (i) => i < 100, kept(20)),
    ),
    cell(
      'local-0.8',
      scored('one', (i) => i < 60, kept(10)),
    ),
  ]
  const bench = timed(1, 1.1, 1, 1.2, 1, 1)
  const [all, some] = sweepFrontiers(cells, { ...nothing, bench })
  assert.equal([all.cache_source, all.points.length], ['requests', 3])
  assert.equal([some.cache_source, some.ctx, some.points.length], ['measured', 512, 2])
  assert.equal(some.objectives, ['quality', 'cache', 'latency'])
  // Live bytes of one of two sequences.
  assert.equal(
    some.points.map(({ cache_bytes }) => cache_bytes),
    [1000, 200],
  )
  assert.is(some.points[1].latency_s, 1 / 128)
  // Better by one document of 200: a trade all the same, as it is not worse.
  assert.equal(verdicts(some), { dense: [[], []], 'adaptive-0.8': [[], []] })
  assert.match(all.note, /latency was measured of 2 of 3 cells/)
})

test('a lead in latency is one only when six rounds agree on it', () => {
  const same = scored('one', (i) => i < 100, kept(50))
  const verdict = (...seconds: number[]) => {
    const bench = timed(...seconds)
    // Equal bytes, so that latency decides.
    for (const { cache } of bench.results) if (cache) cache.live_bytes = 1000
    const found = sweepFrontiers([cell('dense', same), cell('adaptive-0.8', same)], { ...nothing, bench })
    return verdicts(found[1]).dense
  }
  assert.equal(verdict(1, 1.1, 1, 1.2, 1, 1), [['adaptive-0.8'], []])
  assert.equal(verdict(1, 1.1, 1, 1.2, 1), [[], ['adaptive-0.8']])
  assert.equal(verdict(1, 1.1, 3, 1.2, 3, 1), [[], ['adaptive-0.8']])
})

test('cells that are not whole are on no frontier', () => {
  const whole = scored('one', (i) => i < 100)
  const found = sweepFrontiers([cell('a', whole), cell('b', { ...whole, status: 'incomplete' })], nothing)
  assert.equal(found, [])
  assert.is(cacheBytes('windows', cell('a', whole), nothing, 8), null)
})

test.run()
