/** `--policy local` and `--policy strided`, by `asp ppl` and `asp eval`, on a checkpoint that cannot drop by itself. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { PplRecord } from '../../src/record/ppl/schema.js'
import { asp, namesIn, type Outcome, workFolder } from './asp.js'

const folder = workFolder()
const ON_DENSE = ['--model', 'asp-tiny-dense']
const RUNS = {
  local: [
    'ppl',
    ...ON_DENSE,
    '--policy',
    'local',
    '--sparsity',
    '0,0.5,0.8',
    '--ctx',
    '32,64',
    '--limit',
    '128',
  ],
  strided: ['ppl', ...ON_DENSE, '--policy', 'strided', '--sparsity', '0.5', '--ctx', '64', '--limit', '128'],
  given: ['ppl', ...ON_DENSE, '--policy', 'local', '--size', '8', '--ctx', '64', '--limit', '128'],
  several: [
    'ppl',
    ...ON_DENSE,
    ...['--policy', 'local,strided', '--sparsity', '0.5', '--ctx', '64', '--limit', '128'],
  ],
  eval: [
    'eval',
    'piqa',
    ...ON_DENSE,
    '--policy',
    'local',
    '--sparsity',
    '0.5',
    '-L',
    '4',
    '--data',
    'sample',
  ],
  size: ['eval', 'piqa', '--policy', 'h2o', '--size', '9', '-L', '4', '--data', 'sample'],
  heads: [
    ...['ppl', ...ON_DENSE, '--policy', 'h2o', '--granularity', 'head', '--sparsity', '0.5', '--ctx', '64'],
    ...['--limit', '128'],
  ],
  evalHeads: [
    'eval',
    'piqa',
    '--policy',
    'tova',
    '--size',
    '9',
    '-L',
    '2',
    '--data',
    'sample',
    '--granularity',
    'head',
  ],
  generated: ['generate', 'Once', '--policy', 'h2o', '--size', '9', '--granularity', 'head'],
  tooMuch: ['ppl', ...ON_DENSE, '--policy', 'strided', '--sparsity', '0.5,0.9', '--ctx', '64'],
  evalTooMuch: [
    'eval',
    'piqa',
    '--policy',
    'strided',
    '--sparsity',
    '0.9',
    '--calibrate',
    'pooled',
    '-L',
    '4',
    '--data',
    'sample',
  ],
  noShare: ['eval', 'piqa', '--policy', 'local', '-L', '4', '--data', 'sample'],
  shift: ['eval', 'piqa', '--policy', 'strided', '--sparsity', '0.5', '--shift', '0.1', '--data', 'sample'],
}
type RunName = keyof typeof RUNS

/** Two at a time, each into a folder of its own. */
const outcomes = {} as Record<RunName, Promise<Outcome>>
const started: Promise<Outcome>[] = []
for (const [name, argv] of Object.entries(RUNS) as [RunName, string[]][]) {
  const before: Promise<unknown> = started.at(-2) ?? Promise.resolve()
  outcomes[name] = before.then(() => asp(folder, [...argv, '-o', `out-${name}`]))
  started.push(outcomes[name])
}

const fileOf = (name: RunName): string => namesIn(join(folder, `out-${name}`))[0]

async function recordOf<R>(name: RunName, schema: string): Promise<R> {
  const { status, stderr } = await outcomes[name]
  assert.is(status, 0, stderr)
  const text = readFileSync(new URL(`../../schemas/${schema}.schema.json`, import.meta.url), 'utf8')
  const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(JSON.parse(text))
  const record: unknown = JSON.parse(readFileSync(join(folder, `out-${name}`, fileOf(name)), 'utf8'))
  assert.ok(validate(record), JSON.stringify(validate.errors))
  return record as R
}

const test = suite('sized policies')

test('asp ppl --policy local: the window of each level and length, what it removes, the loss', async () => {
  const record = await recordOf<PplRecord>('local', 'asp.ppl-1')
  assert.is(record.policy.name, 'local')
  assert.equal(
    record.contexts.map(({ rules }) => rules.map(({ rule, sized }) => sized ?? rule)),
    [
      [10, 4],
      [20, 8],
    ].map((sizes) => ['dense', ...sizes.map((size) => ({ policy: 'local', parameter: 'window', size }))]),
  )
  for (const { ctx, rules } of record.contexts) {
    const [dense, half, most] = rules
    for (const { sized, sparsity, requested, shift, calibration } of [half, most]) {
      const dead = ctx - (sized?.size ?? 0)
      const share = (dead * (dead + 1)) / (ctx * (ctx - 1))
      assert.ok(Math.abs((sparsity?.achieved ?? 0) - share) < 1e-9, `${sparsity?.achieved}, not ${share}`)
      assert.ok(sparsity?.per_layer.every((own) => Math.abs(own - share) < 1e-9))
      assert.ok(Math.abs((sparsity?.at_ctx ?? 0) - dead / (ctx - 1)) < 1e-9)
      assert.ok(Math.abs(share - (requested ?? 0)) < 0.03)
      assert.equal([shift, calibration], [null, null])
    }
    assert.ok(dense.nll < most.nll && half.nll < most.nll, `${dense.nll} ${half.nll} ${most.nll}`)
  }
  const { stdout, stderr } = await outcomes.local
  assert.match(stdout, /│ +Window │/)
  assert.match(stdout, /│ +64 │ +0\.8 │ +8 │/)
  assert.match(stdout, /^Policy +local; windows ctx 32: 10 4; ctx 64: 20 8$/m)
  assert.not.match(stderr, /note: .* interaction weights/)
})

test('asp ppl --policy local,strided: one record, every rule as it is alone, bit for bit', async () => {
  const record = await recordOf<PplRecord>('several', 'asp.ppl-1')
  assert.is(record.policy.name, 'local+strided')
  assert.match(fileOf('several'), /^ppl_windowed-asp-tiny-dense-local\+strided-/)
  const [local, strided] = [
    (await recordOf<PplRecord>('local', 'asp.ppl-1')).contexts[1].rules,
    (await recordOf<PplRecord>('strided', 'asp.ppl-1')).contexts[0].rules,
  ]
  assert.equal(record.contexts[0].rules, [local[0], local[1], strided[1]])
})

test('asp ppl --size: the window as given, and what it removes', async () => {
  const record = await recordOf<PplRecord>('given', 'asp.ppl-1')
  const [, counted] = (await recordOf<PplRecord>('local', 'asp.ppl-1')).contexts[1].rules.slice(1)
  assert.equal(record.contexts[0].rules[1], { ...counted, requested: null })
  const { stdout } = await outcomes.given
  assert.match(stdout, /│ +window 8 │/)
})

test('--granularity head: records say it, and the share is that of a budget', async () => {
  const { contexts } = await recordOf<PplRecord>('heads', 'asp.ppl-1')
  const [, { sized, sparsity }] = contexts[0].rules
  assert.equal(sized, { policy: 'h2o', parameter: 'budget', size: sized?.size, granularity: 'head' })
  const dead = 63 - (sized?.size ?? 0)
  assert.ok(Math.abs((sparsity?.achieved ?? 0) - (dead * (dead + 1)) / (64 * 63)) < 1e-9)
  assert.match((await outcomes.heads).stdout, /^Policy +h2o; each head by itself; budgets ctx 64: \d+$/m)
  const { policy } = await recordOf<EvalRecord>('evalHeads', 'asp.result-1')
  assert.equal(policy.parameters, { budget: 9, granularity: 'head' })
  const { status, stderr } = await outcomes.generated
  assert.is(status, 2)
  assert.match(stderr, /^error: Nonexistent flag: --granularity; hint: .*$/m)
})

test('asp ppl --policy strided', async () => {
  const record = await recordOf<PplRecord>('strided', 'asp.ppl-1')
  const [, rule] = record.contexts[0].rules
  assert.match(fileOf('strided'), /^ppl_windowed-asp-tiny-dense-strided-s0\.5-/)
  const { policy, size = 0 } = rule.sized ?? {}
  assert.is(policy, 'strided')
  // The larger stride of the two that come near.
  assert.ok(size > 16, String(size))
  assert.ok(Math.abs((rule.sparsity?.achieved ?? 0) - 0.5) < 0.03)
  const { stdout } = await outcomes.strided
  assert.match(stdout, new RegExp(`│ +Stride │[^]*│ +64 │ +0\\.5 │ +${size} │`))
})

test('asp eval --policy local: one window for the run, its share counted over all requests', async () => {
  const record = await recordOf<EvalRecord>('eval', 'asp.result-1')
  const { name, parameters, threshold_shift, calibration } = record.policy
  assert.equal([name, threshold_shift, calibration], ['local', null, null])
  assert.equal(Object.keys(parameters), ['window'])
  assert.ok(Math.abs(record.sparsity.achieved - 0.5) < 0.05, String(record.sparsity.achieved))
  assert.is(record.sparsity.requested, 0.5)
  const { stdout } = await outcomes.eval
  assert.match(stdout, new RegExp(`^Policy +local, window ${parameters.window}$`, 'm'))
})

test('asp eval --size: the budget as given', async () => {
  const record = await recordOf<EvalRecord>('size', 'asp.result-1')
  assert.equal(record.policy.parameters, { budget: 9, recent: 4 })
  assert.is(record.sparsity.requested, null)
  assert.ok(record.sparsity.achieved > 0.4, String(record.sparsity.achieved))
})

const REFUSED: [RunName, says: RegExp, hint: RegExp][] = [
  [
    'tooMuch',
    /^error: --sparsity 0\.9: the strided policy removes at most 0\.7\d\d of the pairs at ctx 64, with stride \d$/,
    /^ask for at most 0\.7\d?, or for --policy local$/,
  ],
  ['evalTooMuch', /removes at most 0\.\d{3} of the pairs of these requests, with stride \d+$/, /^ask for/],
  ['noShare', /^error: --policy local: needs the share of context to remove$/, /--sparsity/],
  ['shift', /^error: --shift 0\.1: the strided policy has no threshold$/, /leave --shift out/],
]
for (const [name, says, hint] of REFUSED) {
  test(`refused: ${RUNS[name].join(' ')}`, async () => {
    const { status, stdout, stderr } = await outcomes[name]
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    const line = stderr.split('\n').find((text) => text.startsWith('error: ')) ?? stderr
    const [said, told = ''] = line.split('; hint: ')
    assert.match(said, says)
    assert.match(told, hint)
    assert.equal(namesIn(join(folder, `out-${name}`)), [])
  })
}

test.run()
