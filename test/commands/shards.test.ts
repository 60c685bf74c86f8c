import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withoutTiming } from '../../src/record/comparable.js'
import type { EvalRecord } from '../../src/record/schema.js'
import { asp, workFolder } from './asp.js'

const RUN = [
  'eval',
  'hellaswag',
  'winogrande',
  '--data',
  'sample',
  '--limit',
  '9',
  '--shift',
  '-0.5',
  '--quiet',
]
const TASKS = ['hellaswag', 'winogrande']

const test = suite('shards')
const folder = workFolder()

const file = (name: string) => join(folder, name)

async function comparable(name: string): Promise<unknown> {
  const record = JSON.parse(await readFile(file(`${name}.json`), 'utf8')) as EvalRecord
  const { tasks, ...rest } = withoutTiming(record)
  // Logs lie beside their own record, under its name.
  const named = Object.entries(tasks).map(([task, facts]) => [task, { ...facts, samples: null }])
  return { ...rest, tasks: Object.fromEntries(named) }
}

async function logs(name: string): Promise<string[]> {
  return Promise.all(TASKS.map((task) => readFile(file(`${name}.samples.${task}.jsonl`), 'utf8')))
}

test('1, 3 and 7 shards merge into the record and the logs of a single run', async () => {
  assert.is((await asp(folder, [...RUN, '--log-samples', '-o', file('whole.json')])).status, 0)
  for (const count of [1, 3, 7]) {
    const parts = Array.from({ length: count }, (_, i) => file(`${count}-${i + 1}.json`))
    for (const [i, part] of parts.entries()) {
      const { status, stderr } = await asp(folder, [...RUN, '--shard', `${i + 1}/${count}`, '-o', part])
      assert.is(status, 0, stderr)
    }
    const merged = await asp(folder, ['merge', ...parts.reverse(), '-o', file(`merged-${count}.json`)])
    assert.is(merged.status, 0, merged.stderr)
    assert.equal(await comparable(`merged-${count}`), await comparable('whole'), `${count} shards`)
    assert.equal(await logs(`merged-${count}`), await logs('whole'), `logs of ${count} shards`)
  }
})

test('a missing, doubled or foreign shard is refused in one line', async () => {
  const other = [
    'eval',
    'hellaswag',
    'winogrande',
    '--data',
    'sample',
    '--limit',
    '9',
    '--shift',
    '-0.4',
    '--quiet',
  ]
  await asp(folder, [...other, '--shard', '2/3', '-o', file('other.json')])
  const cases: [string[], RegExp][] = [
    [['3-1.json', '3-3.json'], /shards 2 of 3 are missing/],
    [['3-1.json', '3-2.json', '3-2.json'], /shard 2 is there already/],
    [['3-1.json', 'other.json', '3-3.json'], /threshold shift differs/],
    [['3-1.json', '7-2.json'], /one of 7 shards/],
    [['whole.json'], /not the record of a shard/],
  ]
  for (const [names, expected] of cases) {
    const { status, stdout, stderr } = await asp(folder, ['merge', ...names.map(file), '-o', file('no.json')])
    assert.is(status, 2)
    assert.is(stdout, '')
    assert.match(stderr, expected)
    assert.is(stderr.trimEnd().split('\n').length, 1)
  }
})

test.run()
