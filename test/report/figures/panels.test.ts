/** What stands in one plot: the same figure of the same documents, and nothing else. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildBenchRecord } from '../../../src/record/bench/build.js'
import { buildRecord } from '../../../src/record/eval/build.js'
import { figuresOf } from '../../../src/report/figures/figures.js'
import { linesOverSparsity, SubjectNames } from '../../../src/report/figures/names.js'
import {
  curvePanels,
  lossPanels,
  type Panel,
  qualityPanels,
  tradePanels,
} from '../../../src/report/figures/panels.js'
import type { Figures } from '../../../src/report/figures/rows.js'
import type { LoadedRecord } from '../../../src/report/reported-record.js'
import { benchParts, CONFIGURATIONS, CURVES } from '../../record/bench-fixture.js'
import { hellaswag, recordParts } from '../../record/fixture.js'
import { loaded } from '../records-fixture.js'

function panelsOf<Key extends 'quality' | 'losses' | 'trades'>(
  panels: (rows: Figures[Key], names: SubjectNames) => Panel<Figures[Key][number]>[],
  key: Key,
  records: readonly LoadedRecord[],
): Panel<Figures[Key][number]>[] {
  const figures = figuresOf(records)
  return panels(figures[key], new SubjectNames(figures))
}

const test = suite('panels')

test('a plot a metric; records of the same requests share it', () => {
  const panels = panelsOf(qualityPanels, 'quality', loaded('dense.json', 'adaptive.json'))
  assert.equal(
    panels.map(({ rows, note }) => [rows[0].task, rows[0].metric, rows.map(({ record }) => record), note]),
    [
      ['hellaswag', 'acc', [0, 1], ''],
      ['hellaswag', 'acc_norm', [0, 1], ''],
      ['wikitext', 'word_perplexity', [1], ''],
      ['wikitext', 'bits_per_byte', [1], ''],
    ],
  )
})

test('other documents are another plot, and the title says so', () => {
  const other = { ...hellaswag, documents: 50, identity: { ...hellaswag.identity, requests: 'f'.repeat(64) } }
  const records = [hellaswag, other].map((task) => ({
    file: '',
    record: buildRecord(recordParts({ tasks: [task] })),
  }))
  const panels = panelsOf(qualityPanels, 'quality', records)
  assert.equal(
    panels.map(({ rows, note }) => [rows[0].metric, rows.length, note]),
    [
      ['acc', 1, ', 200 documents'],
      ['acc', 1, ', 50 documents'],
      ['acc_norm', 1, ', 200 documents'],
      ['acc_norm', 1, ', 50 documents'],
    ],
  )
})

test('records of the same windows share a plot, whatever the policy', () => {
  const panels = panelsOf(lossPanels, 'losses', loaded('ppl.json', 'ppl-local.json'))
  assert.is(panels.length, 1)
})

/** A run of a policy on weights of their own. */
function run(weights: string, policy: string): LoadedRecord {
  const parts = recordParts()
  return {
    file: `${weights}-${policy}.json`,
    record: buildRecord({
      ...parts,
      model: { ...parts.model, id: weights, sha256: weights.padEnd(64, '0') },
      policy: { ...parts.policy, name: policy },
    }),
  }
}

test('where lines are too many for one plot each checkpoint has its own, with lines called by policy', () => {
  const policies = ['adaptive', 'local', 'strided', 'streaming', 'h2o', 'tova']
  const records = ['aa', 'bb'].flatMap((weights) => policies.map((policy) => run(weights, policy)))
  const few = panelsOf(qualityPanels, 'quality', records.slice(0, 10))
  assert.equal(
    few.map(({ note }) => note),
    ['', ''],
  )
  const many = panelsOf(qualityPanels, 'quality', records)
  assert.equal(
    many.map(({ rows, note }) => [rows[0].metric, rows.length, note]),
    [
      ['acc', 6, ', aa'],
      ['acc', 6, ', bb'],
      ['acc_norm', 6, ', aa'],
      ['acc_norm', 6, ', bb'],
    ],
  )
  const names = new SubjectNames(figuresOf(records))
  assert.equal(names.all, policies)
  assert.is(names.full(many[1].rows[0]), 'bb, adaptive at 0.8')
})

test('colours go first to what has a line: dense checkpoints before the dense figures of those that drop', () => {
  const records = [run('aa', 'dense'), run('aa', 'local'), run('bb', 'dense')]
  const { all } = new SubjectNames(figuresOf(records))
  assert.equal(all, ['aa, local', 'bb, dense', 'aa, dense'])
})

test('points of different sweeps are not judged together, so they stand apart', () => {
  const [sweep] = loaded('sweep.json')
  const other = structuredClone(sweep)
  assert.ok(other.record.schema === 'asp.sweep/1')
  other.record.model.sha256 = 'e'.repeat(64)
  assert.equal(
    panelsOf(tradePanels, 'trades', [sweep, other]).map(({ rows, note }) => [rows.length, note]),
    [
      [2, ', asp-tiny 444444'],
      [2, ', asp-tiny eeeeee'],
    ],
  )
})

test('curves at another context length are another plot', () => {
  const short = { ...CONFIGURATIONS[1], id: 3, ctx: 256 }
  const record = buildBenchRecord(
    benchParts({
      configurations: [...CONFIGURATIONS, short],
      curves: [...CURVES, { ...CURVES[1], configuration: 3 }],
    }),
  )
  const panels = curvePanels(figuresOf([{ file: '', record }]).curves)
  assert.equal(
    panels.map((rows) => rows.map(({ ctx, requested }) => [ctx, requested])),
    [
      [
        [512, null],
        [512, 0.8],
      ],
      [[256, 0.8]],
    ],
  )
})

test('a line begins at the dense figure of its own record, and dense alone is a level', () => {
  const figures = figuresOf(loaded('ppl.json', 'ppl-local.json'))
  const hard = figures.losses.filter(({ rule }) => rule !== 'soft')
  const lines = linesOverSparsity(hard, new SubjectNames(figures))
  assert.equal(
    lines.map(({ name, rows, level }) => [name, level, rows.map(({ record, rule }) => [record, rule])]),
    [
      [
        'adaptive',
        false,
        [
          [0, 'dense'],
          [0, 'step'],
          [0, 'step'],
        ],
      ],
      [
        'local',
        false,
        [
          [1, 'dense'],
          [1, 'sized'],
        ],
      ],
    ],
  )
  const alone = figuresOf(loaded('dense.json'))
  const [level] = linesOverSparsity(alone.quality.slice(0, 1), new SubjectNames(alone))
  assert.equal([level.name, level.level, level.rows.length], ['dense', true, 1])
})

test.run()
