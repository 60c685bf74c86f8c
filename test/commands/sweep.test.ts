/** `asp sweep`: its plan, its record, and what is told where input is bad. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { SweepPlan } from '../../src/record/sweep/plan.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { withoutTiming } from '../record/without-timing.js'
import { asp, namesIn, workFolder } from './asp.js'

const folder = workFolder()
const SUITES = ['winogrande', '--data', 'sample', '--limit', '6']
const GRID = ['--policy', 'adaptive,streaming', '--sparsity', '0,0.5', '--ctx', '32', '--text-limit', '64']
const [whole, alone, plan] = await Promise.all([
  asp(folder, ['sweep', ...SUITES, ...GRID, '-r', '1', '-o', 'whole.json', '--json', '-q']),
  asp(folder, [
    'eval',
    ...SUITES,
    '--policy',
    'adaptive',
    '--sparsity',
    '0.5',
    '-o',
    'alone.json',
    '--json',
    '-q',
  ]),
  asp(folder, ['sweep', ...SUITES, ...GRID, '--dry-run', '-o', 'planned/plan.json', '--json']),
])

const test = suite('asp sweep')

const schemaOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../schemas/asp.${name}-1.schema.json`, import.meta.url), 'utf8'))

test('one record that its schema describes, printed by --json as it is written', () => {
  assert.is(whole.status, 0, whole.stderr)
  assert.is(whole.stderr, '')
  assert.is(whole.stdout, readFileSync(join(folder, 'whole.json'), 'utf8'))
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true })
  for (const part of ['result', 'ppl', 'bench']) ajv.addSchema(schemaOf(part))
  const validate = ajv.compile(schemaOf('sweep'))
  const record = JSON.parse(whole.stdout) as SweepRecord
  validate(record)
  assert.equal(validate.errors ?? [], [])
  assert.is(record.status, 'complete')
  assert.equal(
    record.cells.map(({ id }) => id),
    ['dense', 'adaptive-0.5', 'streaming-0.5'],
  )
  assert.equal(
    record.ppl?.contexts[0].rules.map(({ policy, requested }) => [policy, requested]),
    [
      ['dense', null],
      ['adaptive', 0.5],
      ['streaming', 0.5],
    ],
  )
  assert.equal(
    record.frontiers.map(({ quality, objectives }) => [quality.kind, objectives.length]),
    [
      ['task', 2],
      ['task', 3],
      ['perplexity', 2],
      ['perplexity', 3],
    ],
  )
  const others = [record.timing.eval_s, record.timing.ppl_s, record.timing.bench_s, record.timing.estimated_s]
  assert.ok(others.every((seconds) => seconds > 0))
})

test('a cell is the record of asp eval with the same policy and sparsity, bit for bit', () => {
  assert.is(alone.status, 0, alone.stderr)
  const sweep = JSON.parse(whole.stdout) as SweepRecord
  const own = sweep.cells[1].eval as EvalRecord
  assert.is(own.tasks.winogrande.samples, 'whole.sweep/adaptive-0.5.samples.winogrande.jsonl')
  own.tasks.winogrande.samples = null
  assert.equal(withoutTiming(own), withoutTiming(JSON.parse(alone.stdout) as EvalRecord))
})

test('--dry-run: the parts and their seconds, and not a file', () => {
  assert.is(plan.status, 0, plan.stderr)
  const { units, seconds, cells } = JSON.parse(plan.stdout) as SweepPlan
  assert.equal(
    units.map(({ part, name }) => `${part} ${name}`),
    [
      'eval dense',
      'eval adaptive-0.5',
      'eval streaming-0.5',
      'ppl ctx 32',
      'bench 3 configurations, 6 rounds',
    ],
  )
  assert.ok(units.every((unit) => unit.seconds > 0 && unit.tokens > 0 && !unit.done))
  assert.ok(Math.abs(seconds - units.reduce((sum, unit) => sum + unit.seconds, 0)) < 1e-9)
  assert.equal(cells[0].stands_for, ['adaptive', 'streaming'])
  assert.equal(namesIn(join(folder, 'planned')), [])
})

const BAD: [argv: string[], says: RegExp, hint: RegExp][] = [
  [
    ['--policy', 'adaptive,guess'],
    /^error: --policy: must be dense or adaptive or .*, got "guess"/,
    /^for example --policy dense$/,
  ],
  [['--sparsity', '0,1'], /^error: --sparsity: must be at least 0 and below 1, got 1$/, /share of context/],
  [['--sparsity', 'half'], /^error: --sparsity: must be numbers/, /0,0\.5,0\.8/],
  [
    ['--model', 'asp-tiny-dense', '--policy', 'local,adaptive'],
    /^error: --policy adaptive: checkpoint asp-tiny-dense has no interaction weights/,
    /--policy dense/,
  ],
  [
    ['--model', 'asp-tiny-dense'],
    /^error: --policy: checkpoint asp-tiny-dense has no interaction weights for the adaptive policy$/,
    /--policy dense,local/,
  ],
  [
    ['--parts', 'eval,speed'],
    /^error: --parts: must be eval or ppl or bench, got "speed"$/,
    /^for example --parts eval$/,
  ],
  [['--parts', 'eval'], /^error: --parts eval: no suite is named to score$/, /asp tasks/],
  [['piqa', '--parts', 'ppl'], /^error: piqa: suites are not scored with --parts ppl$/, /add eval/],
  [['--ctx', '64,2048'], /^error: --ctx: asp-recall takes at most 1024 tokens, got 2048$/, /shorter/],
  [['--policy', 'local', '--sparsity', '0.5', '--repetitions', '0'], /^error: --repetitions: must be/, /1/],
  [['--resume', '-o', 'results'], /^error: --resume: needs the record to continue$/, /sweep\.json/],
  [['nosuite'], /nosuite/, /./],
]
for (const [argv, says, hint] of BAD) {
  test(`refused: ${argv.join(' ')}`, async () => {
    const { status, stdout, stderr } = await asp(folder, ['sweep', ...argv])
    const [line, ...more] = stderr.split('\n').filter((one) => one !== '')
    const [problem, advice = ''] = line.split('; hint: ')
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    assert.equal(more, [])
    assert.match(problem, says)
    assert.match(advice, hint)
  })
}

test('nothing is left behind by what was refused', () => {
  assert.equal(
    namesIn(folder).filter((name) => !/^(whole|alone)\.|^\.hub$/.test(name)),
    [],
  )
})

test.run()
