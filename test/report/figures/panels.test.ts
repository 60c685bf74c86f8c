/** What stands in one plot: the same figure of the same documents, and nothing else. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildBenchRecord } from '../../../src/record/bench-build.js'
import { buildRecord } from '../../../src/record/build.js'
import { figuresOf } from '../../../src/report/figures/figures.js'
import { linesOverSparsity, SubjectNames } from '../../../src/report/figures/names.js'
import { curvePanels, lossPanels, qualityPanels } from '../../../src/report/figures/panels.js'
import { benchParts, CONFIGURATIONS, CURVES } from '../../record/bench-fixture.js'
import { hellaswag, recordParts } from '../../record/fixture.js'
import { loaded } from '../records-fixture.js'

const test = suite('panels')

test('a plot a metric; records of the same requests share it', () => {
  const panels = qualityPanels(figuresOf(loaded('dense.json', 'adaptive.json')).quality)
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
  const panels = qualityPanels(figuresOf(records).quality)
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
  const panels = lossPanels(figuresOf(loaded('ppl.json', 'ppl-local.json')).losses)
  assert.is(panels.length, 1)
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
