/**
 * What docs/compare.md promises, on simulated runs with a known truth: few false alarms, losses of the size that is called
 * detectable found with the power, and nothing ever worse than itself. Seeded, so that it holds or not for good.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../src/compare/compare.js'
import type { ComparedMetric, Verdict } from '../../src/record/compare/schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { seededRandom } from '../../src/stats/bootstrap.js'
import { answers, choiceTask, evalRecord, range, textTask } from './records.js'

const DOCUMENTS = 200
const TEXTS = 40
/** Share of documents of which only one run is right. */
const FLIPPING = 0.15

/** The true change from the base to the new run. */
interface Truth {
  /** Share of documents. */
  acc: number
  /** Nats a document, and a word. */
  logprob: number
  word: number
}

const NOTHING: Truth = { acc: 0, logprob: 0, word: 0 }

/** A base and a new run of documents drawn anew. */
function simulate(seed: number, truth: Truth): [EvalRecord, EvalRecord] {
  const random = seededRandom(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const right = range(0, DOCUMENTS).map(() => {
    const draw = random()
    if (draw < (FLIPPING - truth.acc) / 2) return [1, 0]
    if (draw < FLIPPING) return [0, 1]
    return draw < 0.6 ? [1, 1] : [0, 0]
  })
  // Most documents hardly change, a few a lot.
  const logprobs = range(0, DOCUMENTS).map(() => {
    const base = -30 + 8 * normal()
    return [base, base + truth.logprob + 0.3 * normal() + (random() < 0.1 ? 2 * normal() : 0)]
  })
  const words = range(0, TEXTS).map(() => Math.round(200 * Math.exp(0.5 * normal())))
  const texts = words.map((count) => {
    const base = count * (-4 + 0.3 * normal())
    return [base, base + count * (truth.word + 0.02 * normal()) + 0.3 * Math.sqrt(count) * normal()]
  })
  const run = (side: 0 | 1): EvalRecord => {
    const column = (pairs: number[][]): number[] => pairs.map((pair) => pair[side])
    return evalRecord([choiceTask(column(right), column(logprobs)), textTask(column(texts), words)])
  }
  return [run(0), run(1)]
}

function compare([base, other]: [EvalRecord, EvalRecord], metrics: string[] | null = null): ComparedMetric[] {
  const options = { alpha: 0.05, margins: {}, metrics, date: new Date(0), command: [] }
  const from = (record: EvalRecord, file: string) => ({ file, record })
  return compareRecords(from(base, 'base.json'), [from(other, 'new.json')], options).comparisons[0].results
}

const has = (results: ComparedMetric[], verdict: Verdict): boolean =>
  results.some((one) => one.verdict === verdict)

const test = suite('promises of a comparison')

test('of 200 pairs of equal runs, at most 5 % raise any alarm and at most 2.5 % a false "worse"', () => {
  const all = range(0, 200).map((seed) => compare(simulate(seed, NOTHING)))
  const worse = all.filter((results) => has(results, 'worse')).length
  const alarms = all.filter((results) => has(results, 'worse') || has(results, 'better')).length
  assert.ok(alarms <= 10 && worse <= 5, `${alarms} alarms, ${worse} of them worse`)
})

for (const metric of ['acc', 'logprob', 'word_perplexity'] as const) {
  for (const metrics of metric === 'logprob' ? [[metric], null] : [[metric]]) {
    const family = metrics === null ? 'among all tests' : 'alone'
    test(`a loss in ${metric} of the size that is detectable, ${family}, is called worse in 80 % of simulations`, () => {
      const of = (results: ComparedMetric[]): ComparedMetric => {
        const found = results.find((one) => one.metric === metric)
        if (found === undefined) throw new Error(metric)
        return found
      }
      // What one comparison promises depends on its documents; the middle of several is taken.
      const promised = range(1000, 1011).map(
        (seed) => of(compare(simulate(seed, NOTHING), metrics)).detectable ?? 1,
      )
      const size = promised.toSorted((a, b) => a - b)[5]
      const truth = {
        ...NOTHING,
        ...(metric === 'acc' && { acc: -size }),
        ...(metric === 'logprob' && { logprob: -size }),
        ...(metric === 'word_perplexity' && { word: -Math.log1p(size) }),
      }
      const caught = range(0, 200).filter(
        (seed) => of(compare(simulate(2000 + seed, truth), metrics)).verdict === 'worse',
      )
      // Two standard errors of a share of 200.
      assert.ok(caught.length / 200 >= 0.8 - 0.057, `${size}: ${caught.length} of 200`)
    })
  }
}

/** Three suites of different size and their mean, of which a share of documents flips. */
function simulateGroup(seed: number, lose: number, gain: number): [EvalRecord, EvalRecord] {
  const random = seededRandom(seed)
  const suites = [40, 120, 200].map((n, i) => {
    const pairs = range(0, n).map(() => {
      const draw = random()
      return draw < lose ? [1, 0] : draw < lose + gain ? [0, 1] : [Number(draw < 0.6), Number(draw < 0.6)]
    })
    return { name: `suite${i}`, pairs }
  })
  const run = (side: 0 | 1): EvalRecord => {
    const tasks = suites.map(({ name, pairs }) =>
      choiceTask(
        pairs.map((pair) => pair[side]),
        undefined,
        name,
      ),
    )
    const names = suites.map(({ name }) => name)
    return evalRecord(tasks, {
      groups: [{ name: 'all', tasks: names, metric: 'acc', weightBySize: false, note: '' }],
    })
  }
  return [run(0), run(1)]
}

test('the mean of a group: its own figures, few false alarms, a loss in all its suites found', () => {
  const group = (pair: [EvalRecord, EvalRecord]): ComparedMetric => {
    const found = compare(pair, ['acc']).find(({ task }) => task === 'all')
    if (found === undefined) throw new Error('no group')
    return found
  }
  const [base, other] = simulateGroup(1, 0.08, 0.03)
  const one = group([base, other])
  assert.equal([one.base, one.new], [base.groups.all['acc,none'], other.groups.all['acc,none']])
  assert.ok(Math.abs(Number(one.change) - (Number(one.new) - Number(one.base))) < 1e-12)
  const quiet = range(0, 100).map((seed) => group(simulateGroup(seed, 0.06, 0.06)).verdict)
  const alarms = quiet.filter((verdict) => verdict === 'worse' || verdict === 'better').length
  assert.ok(alarms <= 5, `${alarms} alarms`)
  const caught = range(0, 50).filter(
    (seed) => group(simulateGroup(seed, 0.16, 0.04)).verdict === 'worse',
  ).length
  assert.ok(caught >= 48, `${caught} of 50`)
  // One loss in each of four suites: a t-test alone would believe them.
  const names = ['a', 'b', 'c', 'd']
  const groups = [{ name: 'all', tasks: names, metric: 'acc', weightBySize: false, note: '' }]
  const [whole, fewLost] = [[], [0]].map((lost) =>
    evalRecord(
      names.map((name) => choiceTask(answers(100, 50, lost), undefined, name)),
      { groups },
    ),
  )
  const few = group([whole, fewLost])
  assert.equal(
    [few.discordant?.lost, few.p?.toFixed(9), few.detectable, few.verdict],
    [4, '0.125000000', null, 'inconclusive'],
  )
})

test('half the detectable loss is found less often, twice the loss nearly always', () => {
  const share = (size: number): number =>
    range(0, 100).filter((seed) => has(compare(simulate(seed, { ...NOTHING, acc: -size }), ['acc']), 'worse'))
      .length / 100
  const [half, twice] = [share(0.04), share(0.15)]
  assert.ok(half < 0.5 && twice > 0.97, `${half}, ${twice}`)
})

test('a record is the same as itself, whatever is in it', () => {
  for (const seed of range(0, 20)) {
    const [base] = simulate(seed, NOTHING)
    for (const { verdict, reason } of compare([base, base]))
      assert.equal([verdict, reason], ['same', 'identical'])
  }
})

test.run()
