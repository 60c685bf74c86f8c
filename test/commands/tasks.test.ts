import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { soloNames, suiteNames } from '../../src/suites/suite.js'
import { asp, workFolder } from './asp.js'

const test = suite('asp tasks')
const folder = workFolder()
const [table, json] = await Promise.all([asp(folder, ['tasks']), asp(folder, ['tasks', '--json'])])

test('a table with source, split, sizes, metrics and published scores by trust', () => {
  assert.is(table.status, 0)
  assert.is(table.stderr, '')
  for (const name of soloNames()) assert.match(table.stdout, new RegExp(`│ ${name} +│`))
  assert.match(table.stdout, /│ blimp \(67\) +│ nyu-mll\/blimp +│ train +│ +1000 │ +- │ acc ↑ +│/)
  assert.not.match(table.stdout, /blimp_wh_island|null/)
  assert.match(
    table.stdout,
    /│ hellaswag +│ Rowan\/hellaswag +│ validation │ 10042 │ +200 │ acc ↑ +│ gpt2 acc 0\.2892 +│/,
  )
  assert.match(table.stdout, 'perplexity ↓')
  assert.match(table.stdout, 'gpt2 acc 0.6289 (?)')
  assert.match(table.stdout, 'gpt2 acc_norm 0.6251 (??)')
})

test('--json tells the same and the sources of the scores', () => {
  const suites = JSON.parse(json.stdout)
  assert.equal(
    suites.map(({ name }: { name: string }) => name),
    suiteNames(),
  )
  const hellaswag = suites[suiteNames().indexOf('hellaswag')]
  assert.is(hellaswag.dataset.docs, 10042)
  assert.is(hellaswag.bundled_sample, 200)
  assert.equal(hellaswag.metrics[0], { name: 'acc', higher_is_better: true })
  assert.is(hellaswag.reference[0].trust, 'high')
  assert.match(hellaswag.reference[0].source, 'build-nanogpt')
})

test('asp tasks check: a mismatch says where, part of a split leaves out the column that would be empty', async () => {
  const rows = Array.from({ length: 1838 }, () => '{"goal":"a","sol1":"b","sol2":"c","label":0}\n').join('')
  writeFileSync(join(folder, 'piqa.jsonl'), rows)
  const wrong = await asp(folder, ['tasks', 'check', 'piqa', '--data', 'piqa.jsonl'])
  assert.is(wrong.status, 1)
  assert.match(wrong.stdout, /^│ piqa +│ Built here +│ lm-eval +│ Same +│$/m)
  assert.match(wrong.stdout, /^│ documents +│ 1838 +│ 1838 +│ match +│$/m)
  assert.match(wrong.stdout, /^│ sha256 +│ [0-9a-f]{16}\.\.\. +│ 6048a3a2bb3ad1e6\.\.\. +│ DIFFERS +│$/m)
  const part = await asp(folder, ['tasks', 'check', 'piqa', '--data', 'sample'])
  assert.match(part.stdout, /^│ piqa +│ Built here +│ lm-eval +│$/m)
  for (const line of [...wrong.stdout.split('\n'), ...part.stdout.split('\n')].filter((one) =>
    /^[│┌]/.test(one),
  )) {
    assert.ok(line.length <= 80, line)
  }
})

test.run()
