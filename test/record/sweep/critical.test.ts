/** Critical footprints: what is read off points that are known, and of records whose verdicts are. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord, type TaskParts } from '../../../src/record/eval/build.js'
import type { EvalRecord } from '../../../src/record/eval/schema.js'
import { buildPplRecord } from '../../../src/record/ppl/build.js'
import { criticalFootprint, sweepCritical } from '../../../src/record/sweep/critical.js'
import type { SweepCell } from '../../../src/record/sweep/schema.js'
import { mean, meanStandardError } from '../../../src/stats/basics.js'
import { seededRandom } from '../../../src/stats/bootstrap.js'
import { hellaswag, recordParts } from '../fixture.js'
import { contextParts, pplParts, RULES } from '../ppl-fixture.js'

const test = suite('critical footprints')
const near = (got: number | undefined | null, expected: number, what = '') =>
  assert.ok(got != null && Math.abs(got - expected) < 1e-12, `${what} ${got}, not ${expected}`)

test('a straight line between the points around it', () => {
  const points = [
    { footprint: 0.6, kept: 1.02 },
    { footprint: 0.2, kept: 0.5 },
    { footprint: 0.4, kept: 0.92 },
  ]
  near(criticalFootprint(points, 0.9).footprint, 0.2 + 0.2 * (0.4 / 0.42))
  near(criticalFootprint(points, 0.99).footprint, 0.4 + 0.2 * (0.07 / 0.1))
  // The dense model keeps all of itself, with all of the cache.
  near(criticalFootprint([{ footprint: 0.5, kept: 0.8 }], 0.95).footprint, 0.5 + 0.5 * 0.75)
})

test('a policy that recovers further down has lost it above', () => {
  const points = [
    { footprint: 0.7, kept: 0.85 },
    { footprint: 0.3, kept: 0.97 },
  ]
  near(criticalFootprint(points, 0.9).footprint, 0.7 + 0.3 * (0.05 / 0.15))
})

test('where the smallest keeps it too, the critical one is at most that', () => {
  const points = [
    { footprint: 0.5, kept: 0.99 },
    { footprint: 0.25, kept: 0.9 },
  ]
  assert.equal(criticalFootprint(points, 0.9), { footprint: 0.25, at_most: true })
  assert.is(criticalFootprint(points, 0.91).at_most, false)
  // Two points of one footprint: the worse one decides.
  const twice = [...points, { footprint: 0.25, kept: 0.8 }]
  near(criticalFootprint(twice, 0.9).footprint, 0.25)
  assert.is(criticalFootprint(twice, 0.9).at_most, false)
})

interface Scored {
  right: (document: number) => boolean
  footprint: number
  chance?: number | null
  n?: number
}

/** A run of a suite: in two layers of 400 requests of 4 tokens, pairs are gone as the footprint says. */
function scored({ right, footprint, chance = 0.25, n = 200 }: Scored, name = 'one'): EvalRecord {
  const acc = Array.from({ length: n }, (_, i) => Number(right(i)))
  const removed = (1 - footprint) * 400 * 10
  const task: TaskParts = {
    ...hellaswag,
    name,
    metrics: [{ name: 'acc', value: mean(acc), stderr: meanStandardError(acc), higherIsBetter: true }],
    counts: {
      requests: 400,
      tokens: 1600,
      pairs: 2400,
      removed: [removed, removed],
      kept: [1600, 1600],
      peaks: null,
    },
    chance,
    perDocument: {
      hash: acc.map((_, i) => String(i)),
      doc_id: acc.map((_, i) => i),
      metrics: { acc },
      logprob: acc.map(() => -1),
      units: null,
    },
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
const below = (count: number) => (document: number) => document < count

const DENSE = cell('dense', scored({ right: below(150), footprint: 1 }))
const CELLS = [
  DENSE,
  // Of 0.5 above chance, 0.9 and 0.5 are kept.
  cell('local-0.5', scored({ right: below(140), footprint: 0.6 })),
  cell('local-0.8', scored({ right: below(100), footprint: 0.2 })),
  cell('h2o-0.8', scored({ right: below(151), footprint: 0.3 })),
]

test('a suite: shares are counted above chance, policy by policy', () => {
  const [one, ...more] = sweepCritical(CELLS, null)
  assert.equal(more, [])
  assert.equal(one.quality, { kind: 'task', name: 'one', metric: 'acc', higher_is_better: true })
  assert.equal([one.chance, one.dense, one.reason], [0.25, 0.75, null])
  const [local, h2o] = one.policies
  assert.equal([local.policy, h2o.policy], ['local', 'h2o'])
  assert.equal(
    local.points.map(({ cell }) => cell),
    ['local-0.5', 'local-0.8'],
  )
  near(local.points[0].kept, 0.9)
  near(local.points[0].footprint, 0.6)
  near(local.points[1].kept, 0.5)
  near(local.critical[1].footprint, 0.6 + 0.4 * (0.05 / 0.1))
  near(local.critical[2].footprint, 0.6 + 0.4 * (0.09 / 0.1))
  for (const { footprint, low, high } of local.critical) {
    assert.ok(low !== null && high !== null && low <= footprint && footprint <= high && low < high)
  }
  // Better than dense with a third of the cache.
  assert.equal(
    h2o.critical.map(({ footprint, at_most }) => [footprint.toFixed(12), at_most]),
    [0.9, 0.95, 0.99].map(() => [(0.3).toFixed(12), true]),
  )
})

test('the same records give the same interval, more documents a narrower one', () => {
  const width = (n: number): number => {
    const some = [
      cell('dense', scored({ right: (i) => i % 4 < 3, footprint: 1, n })),
      cell('local-0.5', scored({ right: (i) => i % 4 < 3 && i % 10 > 0, footprint: 0.6, n })),
      cell('local-0.8', scored({ right: (i) => i % 4 < 2, footprint: 0.2, n })),
    ]
    assert.equal(sweepCritical(some, null), sweepCritical(some, null))
    const [{ low, high }] = sweepCritical(some, null)[0].policies[0].critical
    return (high ?? 0) - (low ?? 0)
  }
  assert.ok(width(2000) < 0.6 * width(200))
})

test('the interval holds the true footprint about as often as it says', () => {
  const random = seededRandom(11)
  // Right in 0.85 of documents when dense; of these, 0.95, 0.8 and 0.5 stay right.
  const stays = [0.95, 0.8, 0.5]
  const footprints = [0.75, 0.5, 0.25]
  const truth = criticalFootprint(
    stays.map((kept, i) => ({ footprint: footprints[i], kept })),
    0.9,
  ).footprint
  const runs = 120
  let held = 0
  for (let run = 0; run < runs; run++) {
    const draws = Array.from({ length: 400 }, () => [random(), random()])
    const dense = (i: number): boolean => draws[i][0] < 0.85
    const some = [
      cell('dense', scored({ right: dense, footprint: 1, chance: 0, n: 400 })),
      ...stays.map((share, k) =>
        cell(
          `local-0.${k + 1}`,
          scored({
            right: (i) => dense(i) && draws[i][1] < share,
            footprint: footprints[k],
            chance: 0,
            n: 400,
          }),
        ),
      ),
    ]
    const [{ low, high }] = sweepCritical(some, null)[0].policies[0].critical
    if ((low ?? 1) <= truth && truth <= (high ?? 0)) held++
  }
  assert.ok(held / runs > 0.88, `held in ${held} of ${runs}`)
})

test('where the dense model is no better than chance there is a reason in place of figures', () => {
  const [one] = sweepCritical(
    [
      cell('dense', scored({ right: below(56), footprint: 1 })),
      cell('local-0.5', scored({ right: below(50), footprint: 0.5 })),
    ],
    null,
  )
  assert.equal(one.policies, [])
  assert.match(
    one.reason ?? '',
    /scores 0\.280, interval from 0\.2\d\d, .* chance, 0\.250: .* proves nothing/,
  )
})

test('nothing without a dense cell, or of one that is not finished', () => {
  assert.equal(sweepCritical(CELLS.slice(1), null), [])
  const running = { ...scored({ right: below(150), footprint: 1 }), status: 'incomplete' as const }
  assert.equal(sweepCritical([cell('dense', running), ...CELLS.slice(1)], null), [])
})

test('of a record that does not tell it, chance is one over the mean number of choices', () => {
  const older = CELLS.map((one) => {
    const record = structuredClone(one.eval as EvalRecord)
    // 400 requests of 200 documents.
    record.tasks.one.chance = undefined
    return { ...one, eval: record }
  })
  assert.is(sweepCritical(older, null)[0].chance, 0.5)
})

test('the mean of suites: scores, chance and footprints together', () => {
  const both = (a: EvalRecord, b: EvalRecord): EvalRecord => ({
    ...a,
    results: { ...a.results, ...b.results },
    tasks: { ...a.tasks, ...b.tasks },
    higher_is_better: { ...a.higher_is_better, ...b.higher_is_better },
  })
  const run = (first: number, second: number, footprint: number) =>
    both(
      scored({ right: below(first), footprint }),
      scored({ right: below(second), footprint: footprint / 2, chance: 0.5 }, 'two'),
    )
  const cells = [
    cell(
      'dense',
      both(
        scored({ right: below(150), footprint: 1 }),
        scored({ right: below(180), footprint: 1, chance: 0.5 }, 'two'),
      ),
    ),
    cell('local-0.5', run(140, 150, 0.5)),
  ]
  const found = sweepCritical(cells, null)
  assert.equal(
    found.map(({ quality }) => quality.name),
    ['2 suites', 'one', 'two'],
  )
  const [{ chance, dense, policies }] = found
  near(chance, 0.375)
  near(dense, 0.825)
  near(policies[0].points[0].footprint, 0.375)
  near(policies[0].points[0].kept, (0.725 - 0.375) / (0.825 - 0.375))
})

test('perplexity: the likelihood that is kept, with windows as units', () => {
  const ppl = buildPplRecord(pplParts({ contexts: [contextParts({ rules: RULES.slice(0, 2) })] }))
  const [only, ...more] = sweepCritical([cell('dense', null), cell('adaptive-0.5', null)], ppl)
  assert.equal(more, [])
  assert.is(only.chance, null)
  const [{ rules, samples }] = ppl.contexts
  near(only.dense, rules[0].perplexity ?? 0)
  const [point] = only.policies[0].points
  near(point.kept, (rules[0].perplexity ?? 0) / (rules[1].perplexity ?? 0))
  near(point.footprint, rules[1].sparsity?.kv_footprint ?? 0)
  assert.is(only.policies[0].critical[0].at_most, point.kept >= 0.9)
  // A record from before has no footprint; it follows from pairs and rows.
  const older = structuredClone(ppl)
  if (older.contexts[0].rules[1].sparsity) older.contexts[0].rules[1].sparsity.kv_footprint = undefined
  const again = sweepCritical([cell('dense', null), cell('adaptive-0.5', null)], older)
  near(again[0].policies[0].points[0].footprint, point.footprint)
  assert.is(samples.rows.length, 3)
})

test.run()
