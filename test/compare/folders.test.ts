/** Records of two folders: which belong together, which have no partner, and one comparison of all of them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { comparePairs } from '../../src/compare/compare.js'
import { pairFolders } from '../../src/compare/folders.js'
import type { Comparable } from '../../src/compare/pair-records.js'
import type { From } from '../../src/record/io/records.js'
import { buildPplRecord } from '../../src/record/ppl/build.js'
import { pplParts } from '../record/ppl-fixture.js'
import { sweepRecord } from '../record/sweep-fixture.js'
import { answers, choiceTask, evalRecord, range } from './records.js'

interface Run {
  suite?: string
  model?: string
  policy?: string
  requested?: number | null
  date?: number
  right?: number[]
}

function run(file: string, { suite = 'piqa', right = answers(60, 30), ...of }: Run = {}): From<Comparable> {
  const record = evalRecord([choiceTask(right, undefined, suite)])
  record.model.id = of.model ?? 'gpt2'
  record.policy.name = of.policy ?? 'streaming'
  record.sparsity.requested = of.requested === undefined ? 0.5 : of.requested
  record.date = of.date ?? 1
  return { file, record }
}

const shown = (base: From<Comparable>[], other: From<Comparable>[]) => {
  const { pairs, notes } = pairFolders(base, other)
  return { pairs: pairs.map((pair) => `${pair.base.file} ${pair.other.file}`), notes }
}

const test = suite('folders of records')

test('by suite, model, policy and level, whatever their names and order', () => {
  const all = (side: string) => [
    run(`${side}1`),
    run(`${side}2`, { suite: 'hellaswag' }),
    run(`${side}3`, { model: 'gpt2-medium' }),
    run(`${side}4`, { policy: 'h2o' }),
    run(`${side}5`, { requested: 0.8 }),
  ]
  assert.equal(shown(all('a'), all('b').reverse()), {
    pairs: ['a1 b1', 'a2 b2', 'a3 b3', 'a4 b4', 'a5 b5'],
    notes: [],
  })
})

test('all kinds of records', () => {
  const some = (side: string): From<Comparable>[] => [
    { file: `${side} ppl`, record: buildPplRecord(pplParts()) },
    { file: `${side} sweep`, record: sweepRecord() },
    run(`${side} eval`),
  ]
  assert.equal(shown(some('a'), some('b')), {
    pairs: ['a ppl b ppl', 'a sweep b sweep', 'a eval b eval'],
    notes: [],
  })
})

test('where one differs and stands alone, that is what is compared; else it has no partner', () => {
  assert.equal(shown([run('a')], [run('b', { policy: 'h2o' })]), { pairs: ['a b'], notes: [] })
  const two = [run('b1', { policy: 'h2o' }), run('b2', { policy: 'tova' })]
  assert.equal(shown([run('a')], two), {
    pairs: [],
    notes: ['a has no partner', 'b1 has no partner', 'b2 has no partner'],
  })
  assert.equal(shown([run('a'), run('c', { suite: 'copa' })], [run('b')]), {
    pairs: ['a b'],
    notes: ['c has no partner'],
  })
})

test('two models under the same policies, two policies on the same models', () => {
  const [dense, half] = [{ policy: 'dense', requested: null }, { policy: 'adaptive' }]
  const models = [run('a1', dense), run('a2', half)]
  const others = [run('b2', { ...half, model: 'mine' }), run('b1', { ...dense, model: 'mine' })]
  assert.equal(shown(models, others), { pairs: ['a1 b1', 'a2 b2'], notes: [] })
  const h2o = [run('b1', { policy: 'h2o' }), run('b2', { policy: 'h2o', model: 'mine' })]
  const tova = [run('a1', { policy: 'tova' }), run('a2', { policy: 'tova', model: 'mine' })]
  assert.equal(shown(tova, h2o), { pairs: ['a1 b1', 'a2 b2'], notes: [] })
})

test('of several runs of the same the last is taken', () => {
  assert.equal(shown([run('a')], [run('b1', { date: 5 }), run('b2', { date: 9 }), run('b3', { date: 7 })]), {
    pairs: ['a b2'],
    notes: ['b1: a later record of the same is there', 'b3: a later record of the same is there'],
  })
})

test('a copy is called one, and of several folders the one without a partner is named', () => {
  assert.equal(shown([run('a'), run('a2')], [run('b')]), {
    pairs: ['a2 b'],
    notes: ['a: the same run as a2'],
  })
  const alone = pairFolders([run('a'), run('c', { suite: 'copa' })], [run('b')], 'branch')
  assert.equal(alone.notes, ['c has no partner in branch'])
})

test('one family of tests over all pairs, each with its own base', () => {
  const pairs = [
    { base: run('a1'), other: run('b1') },
    {
      base: run('a2', { suite: 'copa' }),
      other: run('b2', { suite: 'copa', right: answers(60, 30, range(0, 20)) }),
    },
  ]
  const options = { alpha: 0.05, margins: {}, metrics: ['acc'], date: new Date(0), command: [] }
  const record = comparePairs(pairs, options)
  assert.is(record.tests, 2)
  assert.is(record.base.file, 'a1')
  assert.equal(
    record.comparisons.map(({ base, record, verdict }) => [base?.file, record.file, verdict]),
    [
      [undefined, 'b1', 'same'],
      ['a2', 'b2', 'worse'],
    ],
  )
})

test.run()
