/** What is paired with what, and what is refused: documents, windows, rounds, points of sweeps. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../src/compare/compare.js'
import { parseMargins } from '../../src/compare/margins.js'
import type { Comparable } from '../../src/compare/pair-records.js'
import { matchPoints } from '../../src/compare/points.js'
import { Failure } from '../../src/errors.js'
import { buildBenchRecord } from '../../src/record/bench/build.js'
import type { BenchRecord } from '../../src/record/bench/schema.js'
import type { ComparedMetric, CompareRecord } from '../../src/record/compare/schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { buildPplRecord } from '../../src/record/ppl/build.js'
import { seededRandom } from '../../src/stats/bootstrap.js'
import { benchParts, RESULTS, samples } from '../record/bench-fixture.js'
import { pplParts } from '../record/ppl-fixture.js'
import { sweepRecord } from '../record/sweep-fixture.js'
import { answers, choiceTask, evalRecord, range, textTask } from './records.js'

function compare(
  base: Comparable,
  other: Comparable,
  changes: { metrics?: string[]; margin?: string } = {},
): CompareRecord {
  const { metrics = null, margin } = changes
  const margins = margin === undefined ? {} : parseMargins(margin)
  const options = { alpha: 0.05, margins, metrics, date: new Date(0), command: [] }
  return compareRecords({ file: 'base.json', record: base }, [{ file: 'new.json', record: other }], options)
}

const resultsOf = (record: CompareRecord): ComparedMetric[] => record.comparisons[0].results

function refusal(base: Comparable, other: Comparable): Failure {
  try {
    compare(base, other)
  } catch (error) {
    assert.instance(error, Failure)
    assert.is((error as Failure).exit, 3)
    return error as Failure
  }
  return assert.unreachable('was compared') as never
}

const test = suite('pairing of records')

test('documents are paired by hash, in whatever order they lie', () => {
  const right = answers(60, 30, [3, 40])
  const logprob = range(0, 60).map((i) => -20 - (i % 5))
  const task = choiceTask(right, logprob)
  const turned = structuredClone(task)
  for (const column of [
    turned.perDocument.hash,
    turned.perDocument.doc_id,
    turned.perDocument.logprob,
    turned.perDocument.metrics.acc,
  ])
    (column as unknown[]).reverse()
  for (const { reason } of resultsOf(compare(evalRecord([task]), evalRecord([turned]))))
    assert.is(reason, 'identical')
})

test('suites are the same in whatever order they were asked for', () => {
  const tasks = [choiceTask(answers(60, 30)), textTask([-30, -40], [9, 11])]
  const results = resultsOf(compare(evalRecord(tasks), evalRecord(tasks.toReversed())))
  assert.ok(results.length === 3 && results.every(({ reason }) => reason === 'identical'))
  assert.match(refusal(evalRecord(tasks), evalRecord(tasks.slice(1))).message, /suites differs/)
})

test('a question that is asked twice is paired twice', () => {
  const task = choiceTask([1, 0, 1])
  task.perDocument.hash[2] = task.perDocument.hash[0]
  assert.is(resultsOf(compare(evalRecord([task]), evalRecord([task])))[0].n, 3)
  const other = structuredClone(task)
  other.perDocument.hash[2] = 'f'.repeat(16)
  assert.match(
    refusal(evalRecord([task]), evalRecord([other])).message,
    /documents of hellaswag differ.*1 of 3/,
  )
})

test('changes have the sign and the unit of their metric', () => {
  const words = [100, 200, 300, 400]
  const base = evalRecord([
    textTask(
      words.map((n) => -4 * n),
      words,
    ),
  ])
  const other = evalRecord([
    textTask(
      words.map((n, i) => -(4 + Math.log(1.1)) * n + 0.1 * (i - 1.5)),
      words,
    ),
  ])
  const options = { metrics: ['word_perplexity', 'bits_per_byte'] }
  const [perplexity, bits] = resultsOf(compare(base, other, options))
  assert.ok(Math.abs(Number(perplexity.change) - 0.1) < 1e-9 && perplexity.scale === 'ratio')
  assert.ok((perplexity.low ?? 0) < 0.1 && (perplexity.high ?? 0) > 0.1)
  const ratio = Number(perplexity.new) / Number(perplexity.base)
  assert.ok(Math.abs(Number(perplexity.change) - (ratio - 1)) < 1e-9)
  const difference = Number(bits.new) - Number(bits.base)
  assert.ok(Math.abs(Number(bits.change) - difference) < 1e-12 && difference > 0)
  assert.equal([perplexity.verdict, bits.verdict], ['worse', 'worse'])
  const [back] = resultsOf(compare(other, base, options))
  assert.ok(Math.abs(Number(back.change) - (1 / 1.1 - 1)) < 1e-9)
  assert.is(back.verdict, 'better')
})

test('margins are of the unit of the metric, or of the value of the base', () => {
  const [base, other] = [answers(1000, 500), answers(1000, 500, range(0, 40))].map((right) =>
    evalRecord([choiceTask(right)]),
  )
  const acc = { metrics: ['acc'] }
  for (const [margin, size, verdict] of [
    ['acc=0.01', 0.01, 'worse'],
    ['acc=0.06', 0.06, 'same'],
    ['acc=12%', 0.06, 'same'],
    ['acc=2%', 0.01, 'worse'],
  ] as const) {
    const [result] = resultsOf(compare(base, other, { ...acc, margin }))
    assert.ok(Math.abs(result.margin - size) < 1e-12)
    assert.equal([result.verdict, result.margin_source], [verdict, 'asked'])
  }
  for (const bad of ['acc', 'acc=', 'acc=-1', 'acc=1 2', 'nothing=1', 'acc=0.01,,', 'toString=1'])
    assert.throws(() => parseMargins(bad))
})

const WORSE = ['worse', 'not finite in the new run']
const UNKNOWN = ['inconclusive', 'not finite in the base']
const judged = (record: CompareRecord): string[][] =>
  resultsOf(record).map(({ verdict, reason }) => [verdict, reason])

test('a margin that nothing can exceed is refused; that of log-probabilities is a share of the base', () => {
  for (const [margin, hint] of [
    ['acc=5', 'for example acc=0.05'],
    ['acc_norm=1', 'for example acc_norm=0.05'],
    ['acc=100%', 'for example acc=5%'],
    ['speedup=200%', 'for example speedup=5%'],
  ])
    assert.throws(
      () => parseMargins(margin),
      (error: Failure) => error.exit === 2 && error.hint === hint && error.message.includes(margin),
    )
  assert.equal(Object.keys(parseMargins('acc=0.5,perplexity=5,word_perplexity=150%')).length, 3)
  const record = evalRecord([choiceTask([1, 0, 1], [-100, -200, -300])])
  const [{ margin }] = resultsOf(compare(record, record, { metrics: ['logprob'] }))
  assert.ok(Math.abs(margin - 1) < 1e-9, String(margin))
})

test('a run with scores that are not finite is worse in all that is made of them, and never better', () => {
  const texts = textTask([-30, -40], [9, 11])
  // Right everywhere: what comparisons with NaN may make of a model gone astray.
  for (const stray of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const good = evalRecord([choiceTask([1, 0, 1], [-1, -2, -3]), texts])
    const astray = evalRecord([choiceTask([1, 1, 1], [-1, stray, -3]), texts])
    for (const other of [astray, JSON.parse(JSON.stringify(astray))]) {
      const record = compare(good, other)
      assert.equal(judged(record), [WORSE, WORSE, ['same', 'identical']])
      assert.is(record.verdict, 'worse')
      assert.equal(record.comparisons[0].flips, [])
      const [acc] = resultsOf(record)
      assert.equal([acc.base, acc.new, acc.change, acc.p, acc.method], [2 / 3, null, null, null, 'none'])
    }
    assert.equal(judged(compare(astray, good)), [UNKNOWN, UNKNOWN, ['same', 'identical']])
    assert.is(compare(astray, good).verdict, 'inconclusive')
  }
})

test('a mean over groups has no figure where one of its suites has none', () => {
  const record = (stray: number): EvalRecord =>
    evalRecord([choiceTask([1, 0, 1], [-1, stray, -3]), choiceTask([1, 0], [-1, -1], 'piqa')], {
      groups: [{ name: 'both', tasks: ['hellaswag', 'piqa'], metric: 'acc', weightBySize: false, note: '' }],
    })
  const found = resultsOf(compare(record(-2), record(Number.NaN))).find(({ task }) => task === 'both')
  assert.equal([found?.verdict, found?.new], ['worse', null])
})

test('a perplexity beyond all numbers is worse than one that is not', () => {
  const base = buildPplRecord(pplParts())
  const astray = structuredClone(base)
  for (const { rules } of astray.contexts)
    for (const rule of rules) {
      rule.nll = 800
      rule.samples.nll = rule.samples.nll.map(() => 3200)
    }
  assert.ok(judged(compare(base, astray)).every((one) => one[0] === 'worse'))
  const nan = structuredClone(base)
  for (const { rules } of nan.contexts) rules[0].samples.nll[0] = Number.NaN
  assert.is(compare(base, nan).verdict, 'worse')
})

test('where nothing can be compared there is no verdict', () => {
  const astray = evalRecord([choiceTask([1, 0, 1], [-1, Number.NaN, -3])])
  assert.match(refusal(astray, astray).message, /^base\.json: no figure .* is finite$/)
  const bench = benchRecord(1)
  const unmeasured = structuredClone(bench)
  for (const result of unmeasured.results) result.status = 'does not fit'
  assert.match(
    refusal(bench, unmeasured).message,
    /^new\.json: nothing in it can be compared with base\.json$/,
  )
})

test('a metric that no record has is refused, and the ones there are named', () => {
  const base = buildPplRecord(pplParts())
  try {
    compare(base, base, { metrics: ['perplexity', 'acc'] })
    assert.unreachable()
  } catch (error) {
    const { message, hint, exit } = error as Failure
    assert.equal(
      [message, hint, exit],
      ['--metrics: acc is in none of these records', 'they have perplexity', 2],
    )
  }
})

test('fewer than 6 discordant documents show nothing, and no loss is said to be detectable', () => {
  const [base, other] = [answers(100, 50), answers(100, 50, range(0, 5))].map((right) =>
    evalRecord([choiceTask(right)]),
  )
  const [result] = resultsOf(compare(base, other, { metrics: ['acc'] }))
  assert.equal([result.verdict, result.detectable], ['inconclusive', null])
  assert.match(result.reason, /^5 flips, too few data to detect any loss$/)
})

test('windows of perplexity are paired by place under each rule; another text is refused', () => {
  const base = buildPplRecord(pplParts())
  const same = resultsOf(compare(base, base))
  assert.is(
    same.length,
    base.contexts.reduce((sum, { rules }) => sum + rules.length, 0),
  )
  assert.ok(same.every(({ verdict, metric }) => verdict === 'same' && metric === 'perplexity'))
  const other = structuredClone(base)
  other.text.sha256 = 'e'.repeat(64)
  assert.match(
    refusal(base, other).message,
    /^new\.json: text differs from base\.json, .*SHA-256 eeeeeeeeeeee/,
  )
  const cut = structuredClone(base)
  cut.contexts[0].samples.first[0] += 1
  assert.match(refusal(base, cut).message, /windows differs/)
  assert.match(refusal(base, evalRecord([choiceTask([1])])).message, /kind of record differs/)
})

/** Five rounds of dense and pruned, the pruned one `factor` times as slow; `noise` of each run, and of an A/A run. */
function benchRecord(seed: number, { factor = 1, noise = 0.02, calibrated = true } = {}): BenchRecord {
  const random = seededRandom(seed)
  const rounds = (seconds: number) =>
    samples(...range(0, 5).map(() => seconds * (1 + noise * (random() - 0.5))))
  const parts = benchParts()
  const results = RESULTS.map((result, i) =>
    i > 1
      ? result
      : {
          ...result,
          samples: rounds(i === 0 ? 2 : factor),
          twin: calibrated ? rounds(i === 0 ? 2 : factor) : [],
        },
  )
  return buildBenchRecord({ ...parts, results })
}

const speedup = (a: BenchRecord, b: BenchRecord): ComparedMetric => {
  const found = resultsOf(compare(a, b, { metrics: ['speedup'] }))[0]
  assert.is(found.metric, 'speedup')
  return found
}

test('two benchmarks of one configuration are never worse, 200 times over; a third slower is', () => {
  const verdicts = range(0, 200).map((i) => speedup(benchRecord(2 * i), benchRecord(2 * i + 1)).verdict)
  assert.not.ok(verdicts.includes('worse') || verdicts.includes('better'))
  const slower = range(0, 50).map(
    (i) => speedup(benchRecord(i), benchRecord(1000 + i, { factor: 1.33 })).verdict,
  )
  assert.ok(
    slower.every((verdict) => verdict === 'worse'),
    slower.join(' '),
  )
})

test('a slowdown within the noise floor is not called one', () => {
  const noisy = { noise: 0.3 }
  const slower = speedup(benchRecord(1, noisy), benchRecord(2, { ...noisy, factor: 1.1 }))
  assert.equal([slower.verdict, slower.reason], ['inconclusive', 'within the noise of identical runs'])
  const tolerant = { metrics: ['speedup'], margin: 'speedup=50%' }
  const [same] = resultsOf(compare(benchRecord(1), benchRecord(2, { factor: 1.1 }), tolerant))
  assert.is(same.verdict, 'same')
})

test('without a floor nothing is said of speed; one record with a floor is enough', () => {
  const bare = { calibrated: false }
  const none = speedup(benchRecord(1, bare), benchRecord(2, { ...bare, factor: 1.5 }))
  assert.equal([none.verdict, none.floor, none.p], ['inconclusive', null, null])
  assert.match(none.reason, /asp bench --noise/)
  assert.is(speedup(benchRecord(1), benchRecord(2, { ...bare, factor: 1.5 })).verdict, 'worse')
  assert.is(speedup(benchRecord(1, bare), benchRecord(1, bare)).verdict, 'same')
})

test('bytes of the cache have no noise: beyond the margin they are worse', () => {
  const base = benchRecord(1)
  const other = structuredClone(base)
  for (const result of other.results) if (result.cache) result.cache.live_bytes *= 1.05
  const bytes = resultsOf(compare(base, other)).filter(({ metric }) => metric === 'cache_bytes')
  assert.ok(
    bytes.length > 0 && bytes.every(({ verdict, method }) => verdict === 'worse' && method === 'size alone'),
  )
  assert.ok(
    resultsOf(compare(base, other, { margin: 'cache_bytes=10%' })).every(({ verdict }) => verdict === 'same'),
  )
})

test('times of two machines are refused; absolute speeds are compared only when asked', () => {
  const base = benchRecord(1)
  const other = structuredClone(base)
  other.environment.cpu = 'Another CPU'
  assert.match(refusal(base, other).message, /cpu differs.*Another CPU against Some CPU/)
  const metrics = (margin?: string) =>
    new Set(resultsOf(compare(base, base, { margin })).map(({ metric }) => metric))
  assert.not.ok(metrics().has('tokens_per_s'))
  assert.ok(metrics('tokens_per_s=10%').has('tokens_per_s'))
})

test('a sweep is compared point by point, with the perplexities and benchmarks it holds, and is the same as itself', () => {
  const base = sweepRecord()
  const results = resultsOf(compare(base, base))
  assert.ok(results.every(({ verdict }) => verdict === 'same'))
  const cells = new Set(results.map(({ cell, task }) => cell || task))
  for (const name of ['dense', 'adaptive 0.8']) assert.ok(cells.has(name), name)
  for (const metric of ['acc', 'perplexity', 'speedup', 'cache_bytes'])
    assert.ok(
      results.some((one) => one.metric === metric),
      metric,
    )

  const other = sweepRecord()
  other.cells[1] = { ...other.cells[1], id: 'streaming-0.8', policy: 'streaming' }
  const points = new Set(resultsOf(compare(base, other)).map(({ cell }) => cell))
  assert.ok(points.has('adaptive 0.8 to streaming 0.8'))

  // The fixture's points share their columns; through JSON they do not.
  const flipped = JSON.parse(JSON.stringify(base)) as typeof base
  for (const column of Object.values(flipped.cells[1].eval?.tasks.hellaswag.per_document.metrics ?? {}))
    column[0] = 0
  const [{ flips }] = compare(base, flipped).comparisons
  assert.equal(
    flips.map(({ cell, metric, kind }) => [cell, metric, kind]),
    [
      ['adaptive 0.8', 'acc', 'lost'],
      ['adaptive 0.8', 'acc_norm', 'lost'],
    ],
  )

  const foreign = structuredClone(base)
  if (foreign.cells[1].eval) foreign.cells[1].eval['n-shot'].hellaswag = 5
  assert.match(refusal(base, foreign).message, /few-shot examples differs/)
})

test('points of two grids: equal ones together, two policies at one sparsity, the rest named', () => {
  const point = (policy: string, sparsity: string) => ({ policy, sparsity, value: `${policy} ${sparsity}` })
  const base = [point('dense', ''), point('adaptive', '0.5'), point('adaptive', '0.8'), point('h2o', '0.9')]
  const other = [point('dense', ''), point('tova', '0.5'), point('adaptive', '0.8'), point('tova', '0.7')]
  const { matched, notes } = matchPoints(base, other)
  assert.equal(
    matched.map(({ name }) => name),
    ['dense', 'adaptive 0.5 to tova 0.5', 'adaptive 0.8'],
  )
  assert.equal(notes, ['h2o 0.9 is only in the base record', 'tova 0.7 is only in the new record'])
})

test.run()
