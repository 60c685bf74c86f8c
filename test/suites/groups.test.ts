import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { groupFigure, logInterval, wilsonInterval } from '../../src/stats/basics.js'
import { groupParts, listGroups, selectSuites } from '../../src/suites/groups.js'
import { describeFallback, type Fallback, readDocuments } from '../../src/suites/source.js'
import { SUITES, soloNames } from '../../src/suites/suite.js'

const test = suite('groups')
const LANGUAGES = ['de', 'en', 'es', 'fr', 'it'].map((name) => `lambada_openai_mt_${name}`)
const PAPER = ['winogrande', 'hellaswag', 'piqa', 'lambada_openai']

const TINY = ['recall_passkey', 'recall_needle_cloze', 'recall_copy_random', 'hellaswag']

const TYPED: [typed: string[], suites: string[], groups: string[]][] = [
  [['piqa'], ['piqa'], []],
  [['piqa,copa', 'piqa'], ['piqa', 'copa'], []],
  [['paper'], PAPER, ['paper']],
  [['rte', 'paper', 'piqa'], ['rte', ...PAPER], ['paper']],
  [['tiny'], TINY, ['tiny']],
  [['tiny', 'hellaswag', 'recall_mqar'], [...TINY, 'recall_mqar'], ['tiny']],
  [['all'], soloNames(), ['all']],
  [['blimp.ellipsis'], ['blimp_ellipsis_n_bar_1', 'blimp_ellipsis_n_bar_2'], ['blimp.ellipsis']],
  [['lambada_multilingual'], LANGUAGES, ['lambada_multilingual']],
  [['*_mt_*'], LANGUAGES, []],
  [['arc_*'], ['arc_challenge', 'arc_easy'], []],
  [['?op?,lambada_s*'], ['copa', 'lambada_standard'], []],
  [[`${SUITES}piqa.json`, 'piqa'], ['piqa'], []],
]
for (const [typed, suites, groups] of TYPED)
  test(typed.join(' ').replace(SUITES, ''), () => {
    const got = selectSuites(typed)
    assert.equal(
      got.suites.map(({ name }) => name),
      suites,
    )
    assert.equal(
      got.groups.map(({ name }) => name),
      groups,
    )
  })

const REFUSED: [typed: string, message: RegExp, hint: RegExp][] = [
  ['papper', /unknown suite 'papper'/, /did you mean paper\?.*groups are paper, tiny, all/],
  ['winogrand', /unknown suite 'winogrand'/, /did you mean winogrande\?/],
  ['mmlu_*', /'mmlu_\*': no suite's name matches/, /suites are arc_challenge,/],
  ['', /unknown suite ''/, /Suites are/],
]
for (const [typed, message, hint] of REFUSED)
  test(`refuses '${typed}'`, () =>
    assert.throws(
      () => selectSuites([typed]),
      (error: unknown) =>
        error instanceof Failure &&
        message.test(error.message) &&
        hint.test(error.hint ?? '') &&
        error.exit === 2,
    ))

test('what only a group or glob named may be left out, but not everything', async () => {
  const { suites, optional } = selectSuites(['lambada_openai*', 'lambada_s*', 'piqa'])
  assert.equal([...optional], ['lambada_openai', ...LANGUAGES, 'lambada_standard'])
  const told: Fallback[] = []
  const options = { data: 'sample', optional, onFallback: (fallback: Fallback) => told.push(fallback) }
  const found = await readDocuments(suites, options)
  assert.equal(
    found.suites.map(({ name }) => name),
    ['lambada_openai', 'piqa'],
  )
  assert.equal(
    told.map(describeFallback),
    [...LANGUAGES, 'lambada_standard'].map((name) => `${name}: left out, none of its items are available`),
  )
  const alone = selectSuites(['lambada_standard,piqa'])
  const refusal = (work: Promise<unknown>) => work.catch((error: Failure) => error.message)
  const message = 'lambada_standard: no items of it come with asp'
  assert.is(await refusal(readDocuments(alone.suites, { ...options, optional: alone.optional })), message)
  const standard = suites.filter(({ name }) => name === 'lambada_standard')
  assert.is(await refusal(readDocuments(standard, options)), message)
})

test('a family brings its parts, once each, and a mean of each', () => {
  const { suites, groups } = selectSuites(['blimp', 'blimp.binding', 'blimp_wh_island'])
  assert.equal([suites.length, groups.length], [67, 13])
  const parts = groupParts(groups)
  assert.equal(
    parts
      .slice(1)
      .flatMap(({ tasks }) => tasks)
      .sort(),
    parts[0].tasks,
  )
  assert.ok(
    parts.every(({ metric, weightBySize, clustered }) => metric === 'acc' && !weightBySize && clustered),
  )
  assert.equal(groupParts(selectSuites(['multiblimp']).groups), [])
})

test('paper has a mean, tiny and all have none', () => {
  assert.equal(
    groupParts(listGroups().filter(({ name }) => !name.startsWith('blimp'))).map(
      ({ name, tasks, metric, weightBySize }) => [name, tasks, metric, weightBySize],
    ),
    [['paper', PAPER, 'acc', false]],
  )
})

test('figures as lm-eval 0.4.13 computes them', () => {
  // aggregate_subtask_metrics, pooled_sample_stderr and unweighted_mean_stderr on these values, CPython 3.11.
  const members = [
    { value: 0.5, stderr: 0.0353, documents: 200 },
    { value: 0.3, stderr: 0.0145, documents: 1000 },
    { value: 0.7, stderr: 0.046, documents: 100 },
  ]
  const near = (got: number | null, want: number) => assert.ok(Math.abs(Number(got) - want) < 1e-15, `${got}`)
  const bySize = groupFigure(members, true)
  near(bySize.value, 0.36153846153846153)
  near(bySize.stderr, 0.012899968529695613)
  const plain = groupFigure(members, false)
  near(plain.value, 0.5)
  near(plain.stderr, 0.019923018512932888)
  assert.is(groupFigure([{ ...members[0], stderr: null }, members[1]], true).stderr, null)
})

test('Wilson: published values, and the ends', () => {
  const { low, high } = wilsonInterval(0.5, 10)
  assert.ok(Math.abs(low - 0.236593) < 1e-6 && Math.abs(high - 0.763407) < 1e-6)
  assert.is(wilsonInterval(0, 10).low, 0)
  assert.ok(Math.abs(wilsonInterval(0, 10).high - 0.277533) < 1e-6)
  assert.ok(wilsonInterval(1, 10).high <= 1)
  const { low: least, high: most } = logInterval(40, 8)
  assert.ok(Math.abs(least - 27.028359) < 1e-6 && Math.abs(most * least - 1600) < 1e-9, `${least}`)
})

test.run()
