/** Data that cannot be had: a bundled sample stands for it with a warning that --quiet keeps, and never under CI or --strict-data. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asp } from './asp.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-strict-'))
const EVAL = ['eval', 'piqa', '--limit', '2', '--policy', 'dense', '--device', 'cpu', '-q', '-o', 'out']
const WARNING = /^warning: piqa: the Hub cannot be reached, using the bundled sample of 200 items\n$/
const REFUSAL =
  /^error: piqa: nothing stands for its data under --strict-data \(or CI\): .*HF_HUB_OFFLINE.*; hint: .*--data sample.*\n$/

const test = suite('strict data')

test('--quiet keeps the warning', async () => {
  const { status, stderr } = await asp(folder, EVAL)
  assert.is(status, 0, stderr)
  assert.match(stderr, WARNING)
})

const refused: [string, string[], NodeJS.ProcessEnv][] = [
  ['eval --strict-data', [...EVAL, '--strict-data'], {}],
  ['eval where CI is set', EVAL, { CI: 'true' }],
  ['eval of a group, one suite of which has no sample', ['eval', 'all', '-q', '--strict-data'], {}],
  ['sweep', ['sweep', 'piqa', '--sparsity', '0', '--limit', '2', '-q', '--strict-data'], {}],
  ['drops', ['drops', 'piqa:0', '-q', '--strict-data'], {}],
  ['tasks check', ['tasks', 'check', 'piqa', '--strict-data'], {}],
]
for (const [name, argv, environment] of refused) {
  test(`${name}: one line, no table, exit code 1`, async () => {
    const { status, stdout, stderr } = await asp(folder, argv, environment)
    assert.is(status, 1, stderr)
    assert.match(stderr, name.includes('group') ? /^error: \w+: nothing stands for its data.*\n$/ : REFUSAL)
    assert.is(stdout, '')
  })
}

test('CI that is off, --no-strict-data and --data sample refuse nothing', async () => {
  const cases: [string[], NodeJS.ProcessEnv, RegExp][] = [
    [[], { CI: 'false' }, WARNING],
    [['--no-strict-data'], { CI: 'true' }, WARNING],
    [['--data', 'sample'], { CI: 'true' }, /^$/],
  ]
  for (const [more, environment, said] of cases) {
    const { status, stderr } = await asp(folder, [...EVAL, ...more], environment)
    assert.is(status, 0, stderr)
    assert.match(stderr, said)
  }
})

test.after(() => rmSync(folder, { recursive: true }))
test.run()
