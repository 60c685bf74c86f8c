/** The plan of a sweep, as numbers: rows of each part times seconds of a row. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { planUnits } from '../../src/sweep/estimate.js'
import type { SweepOptions } from '../../src/sweep/options.js'
import { prepareSweep } from '../../src/sweep/prepare.js'

const options: SweepOptions = {
  suites: ['winogrande'],
  dtype: 'auto',
  policies: ['adaptive', 'local', 'strided'],
  sparsities: [0, 0.5, 0.9],
  ctx: [32, 64],
  data: 'sample',
  limit: 3,
  text: [],
  textLimit: 128,
  repetitions: 2,
  seed: 1,
  command: ['asp'],
}

const test = suite('sweep plan')

const prepared = await prepareSweep(options)
const speeds = {
  suites: new Map([
    ['dense', 1],
    ['adaptive', 2],
    ['local', 3],
    ['strided', 4],
  ] as const),
  windows: new Map([
    [32, 10],
    [64, 20],
  ]),
}
const grid = {
  parts: prepared.parts,
  suites: ['winogrande'],
  policies: [],
  sparsities: [],
  contexts: [32, 64],
}
const none = { cells: new Set<string>(), contexts: new Set<number>(), bench: false }

test('cells share their tasks; what a policy cannot do is left out of a part, not of the sweep', () => {
  const { cells, ppl, bench } = prepared
  assert.equal(
    cells.map(({ id, refused }) => [id, refused.map(({ part }) => part)]),
    [
      ['dense', []],
      ['adaptive-0.5', []],
      ['adaptive-0.9', []],
      ['local-0.5', []],
      ['local-0.9', []],
      ['strided-0.5', []],
      ['strided-0.9', ['ppl', 'bench']],
    ],
  )
  const [first] = cells
  for (const { run } of cells) assert.is(run?.tasks, first.run?.tasks)
  assert.match(cells[6].refused[0].reason, /the strided policy removes at most/)
  // The dense rule is measured in any case.
  assert.is(ppl?.levels.levels.length, 5)
  assert.equal(
    bench?.configurations.map(({ group, level }) => `${level.policy} ${group.ctx}`),
    [32, 64].flatMap((ctx) =>
      ['dense', 'adaptive', 'adaptive', 'local', 'local', 'strided'].map((name) => `${name} ${ctx}`),
    ),
  )
})

test('rows and seconds of each unit', () => {
  const { units, seconds, seconds_left } = planUnits(prepared, grid, speeds, none)
  const tokens = units[0].tokens
  assert.ok(tokens > 30)
  assert.equal(
    units.slice(0, 7).map((unit) => [unit.part, unit.name, unit.tokens]),
    ['dense', 'adaptive-0.5', 'adaptive-0.9', 'local-0.5', 'local-0.9', 'strided-0.5', 'strided-0.9'].map(
      (name) => ['eval', name, tokens],
    ),
  )
  assert.is(units[0].seconds, tokens)
  assert.is(units[3].seconds, 3 * tokens)
  // Searching for the threshold comes on top.
  assert.ok(units[1].seconds > 2 * tokens)
  const [short, long] = units.slice(7, 9)
  assert.equal([short.name, short.tokens, long.name, long.tokens], ['ctx 32', 6 * 128, 'ctx 64', 6 * 128])
  assert.is(long.seconds, 2 * short.seconds)
  assert.is(units[9].name, '12 configurations, 2 rounds')
  assert.is(seconds, seconds_left)
})

test('what is there already takes no time any more', () => {
  const whole = planUnits(prepared, grid, speeds, none)
  const rest = planUnits(prepared, grid, speeds, {
    cells: new Set(['dense', 'local-0.5']),
    contexts: new Set([32]),
    bench: true,
  })
  const kept = [0, 3, 7, 9].map((i) => whole.units[i])
  assert.equal(
    rest.units.filter(({ done }) => done).map(({ name }) => name),
    kept.map(({ name }) => name),
  )
  const spared = kept.reduce((sum, { seconds }) => sum + seconds, 0)
  assert.ok(Math.abs(whole.seconds - spared - rest.seconds_left) < 1e-6)
})

test.run()
