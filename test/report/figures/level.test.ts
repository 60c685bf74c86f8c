/** Levels by a shift or a size have names, lines and shades of their own, and trainings that are alike say what differs. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord } from '../../../src/record/eval/build.js'
import { buildPplRecord } from '../../../src/record/ppl/build.js'
import type { TrainRunOptions } from '../../../src/record/train/schema.js'
import { levelSeries } from '../../../src/report/client/shared/series.js'
import { renderEval } from '../../../src/report/eval-table.js'
import { figuresOf } from '../../../src/report/figures/figures.js'
import { byText, levelName } from '../../../src/report/figures/level.js'
import { SubjectNames, seriesByShare } from '../../../src/report/figures/names.js'
import type { Figures } from '../../../src/report/figures/rows.js'
import { recordParts } from '../../record/fixture.js'
import { contextParts, pplParts, RULES, SIZED_RULES } from '../../record/ppl-fixture.js'
import { CONTROL_OPTIONS, TRAIN_OPTIONS, trainLog } from '../../record/train-fixture.js'

const [dense, , , own] = RULES
const shifted = (shift: number) => ({ ...own, shift })
const sized = (size: number) => ({
  ...SIZED_RULES[1],
  requested: null,
  sized: { policy: 'local' as const, parameter: 'window' as const, size },
})
const found = { ...RULES[1], shift: -0.94641 }

function figures(): Figures {
  const rules = [dense, shifted(-0.6), shifted(-1.2), own, found, sized(16), sized(64)]
  const record = buildPplRecord(pplParts({ contexts: [contextParts({ rules })] }))
  return figuresOf([{ file: '', record }])
}

const test = suite('levels')

test('each level has a name and a series of its own', () => {
  const { positions, layers } = figures()
  for (const rows of [positions, layers]) {
    const names = (policy: string) => [
      ...new Set(rows.filter((row) => row.policy === policy).map((row) => levelName(row))),
    ]
    assert.equal(names('adaptive'), ['shift -0.6', 'shift -1.2', 'own threshold', '0.5'])
    assert.equal(names('local'), ['window 16', 'window 64'])
  }
})

test('shades go from what drops least, whatever the order they came in', () => {
  const { positions } = figures()
  const shades = (policy: string) =>
    levelSeries(positions.filter((row) => row.policy === policy)).map(({ name }) => name)
  assert.equal(shades('adaptive'), ['own threshold', 'shift -0.6', 'shift -1.2', '0.5'])
  assert.equal(shades('local'), ['window 64', 'window 16'])
})

test('whole names and series say the level, tables the shift or size, also one that was found', () => {
  const all = figures()
  const names = new SubjectNames(all)
  const hard = all.losses.filter(({ rule }) => rule !== 'soft')
  assert.equal(
    hard.map((row) => names.full(row)),
    [
      'dense',
      'adaptive at shift -0.6',
      'adaptive at shift -1.2',
      'adaptive',
      'adaptive at 0.5',
      'local at window 16',
      'local at window 64',
    ],
  )
  assert.equal(
    hard.map(({ by }) => (by === null ? '' : byText(by))),
    ['', 'shift -0.6', 'shift -1.2', 'shift 0', 'shift -0.9464', 'window 16', 'window 64'],
  )
  const local = hard.filter(({ policy }) => policy === 'local')
  assert.equal(local.map(seriesByShare(local, names)), ['window 16', 'window 64'])
})

test('a suite under a given shift or size is not called the own threshold', () => {
  const parts = recordParts()
  const said = (policy: object): string => {
    const record = buildRecord({
      ...parts,
      requested: null,
      policy: { ...parts.policy, calibration: null, ...policy },
    })
    return /^Sparsity +(.*), achieved/m.exec(renderEval(record))?.[1] ?? ''
  }
  assert.is(said({ threshold_shift: -0.4 }), 'shift -0.4 given')
  assert.is(said({ threshold_shift: 0 }), "the checkpoint's own threshold")
  assert.is(said({ name: 'local', parameters: { window: 64 }, threshold_shift: null }), 'window 64 given')
})

test('trainings that are called alike say what differs', () => {
  const named = (...options: Partial<TrainRunOptions>[]): string[] => {
    const logs = options.map((changes) => {
      const log = trainLog()
      return { file: '', record: { ...log, run: { ...log.run, options: { ...TRAIN_OPTIONS, ...changes } } } }
    })
    return [...new Set(figuresOf(logs).steps.map(({ run }) => run))]
  }
  assert.equal(named({}, {}), ['gamma 0.3'])
  assert.equal(named({}, CONTROL_OPTIONS), ['gamma 0.3', 'local 4'])
  assert.equal(named({}, { shift_range: [-1, 2] }), [
    'gamma 0.3, no shift range',
    'gamma 0.3, shift range -1..2',
  ])
  assert.equal(named({}, { rate: { ...TRAIN_OPTIONS.rate, rate: 1e-3 } }), [
    'gamma 0.3, rate 0.0001',
    'gamma 0.3, rate 0.001',
  ])
  assert.equal(named({ seed: 1, ctx: 16 }, { seed: 2, ctx: 16 }, { seed: 2 }), [
    'gamma 0.3, ctx 16, seed 1',
    'gamma 0.3, ctx 16, seed 2',
    'gamma 0.3, ctx 8, seed 2',
  ])
  assert.equal(named({}, { rate_interaction: 0.01 }), [
    'gamma 0.3, no rate interaction',
    'gamma 0.3, rate interaction 0.01',
  ])
})

test.run()
