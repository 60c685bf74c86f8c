import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runDevice } from '../../src/cli/base-command.js'
import { Failure } from '../../src/errors.js'
import { type EvaluateHooks, type EvaluateOptions, evaluate } from '../../src/eval/evaluate.js'
import { mergeShards, readShard } from '../../src/eval/merge.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { readRecord } from '../../src/record/io/read.js'
import { EVAL_SCHEMA } from '../../src/record/kinds.js'
import { asp, workFolder } from '../commands/asp.js'
import { openTestDevice } from '../gpu.js'
import { withoutTiming } from '../record/without-timing.js'
import { writeTinyModel } from '../tiny-model.js'

const folder = workFolder()

const RUN: EvaluateOptions = {
  model: await writeTinyModel(join(folder, 'tiny')),
  suites: ['hellaswag', 'winogrande'],
  data: 'sample',
  dtype: 'auto',
  limit: 9,
  shift: -0.5,
  seed: 1234,
  logSamples: true,
  resume: false,
  lmEval: false,
  command: ['asp'],
}

const test = suite('shards')
const file = (name: string) => join(folder, `${name}.json`)

const open = await openTestDevice()
test.after(() => open.close())

async function run(
  name: string,
  change: Partial<EvaluateOptions> = {},
  hooks: Partial<EvaluateHooks> = {},
): Promise<void> {
  await evaluate(
    { ...RUN, ...change, output: file(name) },
    {
      openDevice: async () => runDevice(open),
      orStop: (work) => work,
      ...hooks,
    },
  )
}

const recordOf = (path: string): Promise<EvalRecord> => readRecord(path, [EVAL_SCHEMA])

/** Logs lie beside their own record, under its name. */
function comparable(record: EvalRecord): unknown {
  const { tasks, ...rest } = withoutTiming(record)
  const named = Object.entries(tasks).map(([task, facts]) => [task, { ...facts, samples: null }])
  return { ...rest, tasks: Object.fromEntries(named) }
}

for (const count of [1, 3, 7]) {
  test(`${count} shards merge into the record and the lines of a single run`, async () => {
    if (count === 1) await run('whole')
    const names = Array.from({ length: count }, (_, i) => `${count}-${i + 1}`)
    for (const [i, name] of names.entries()) await run(name, { shard: { index: i + 1, count } })
    const parts = await Promise.all(names.reverse().map((name) => readShard(file(name))))
    const merged = await mergeShards(parts, [], (task) => task)
    assert.equal(comparable(merged.record), comparable(await recordOf(file('whole'))))
    const whole = await readShard(file('whole'))
    for (const [task, lines] of merged.lines) assert.equal(lines, whole.lines.get(task))
  })
}

test('a run stopped after a few documents and resumed keeps its shift and equals one left alone', async () => {
  const searched = {
    suites: ['winogrande'],
    limit: 12,
    shift: undefined,
    sparsity: 0.3,
    batchTokens: 64,
    resume: true,
  }
  await run('searched', searched)
  const stop = new AbortController()
  await run('stopped', searched, {
    signal: stop.signal,
    onProgress: ({ unit, done }) => {
      if (unit === 'requests' && done > 4) stop.abort()
    },
  })
  const halfway = await recordOf(file('stopped'))
  assert.is(halfway.status, 'incomplete')
  let searches = 0
  await run('stopped', searched, {
    onProgress: ({ unit }) => {
      if (unit === 'evaluations') searches++
    },
  })
  assert.is(searches, 0)
  assert.equal(comparable(await recordOf(file('stopped'))), comparable(await recordOf(file('searched'))))
})

test('a missing, doubled, foreign or damaged shard is refused', async () => {
  await run('foreign', { shift: -0.4, shard: { index: 2, count: 3 } })
  const cases: [string[], RegExp][] = [
    [['3-1', '3-3'], /shard 2 of 3 is missing/],
    [['3-1', '3-2', '3-2'], /shard 2 is there already/],
    [['3-1', 'foreign', '3-3'], /threshold shift differs/],
    [['3-1', '7-2'], /one of 7 shards/],
    [['whole'], /not the record of a shard/],
  ]
  const merge = async (names: string[], damage?: (lines: unknown[]) => void): Promise<unknown> => {
    const parts = await Promise.all(names.map((name) => readShard(file(name))))
    damage?.(parts[0].lines.get('hellaswag') ?? [])
    return mergeShards(parts, [], (task) => task).catch((error: unknown) => error)
  }
  for (const [names, expected] of cases) {
    const error = await merge(names)
    assert.instance(error, Failure)
    assert.match((error as Failure).message, expected)
  }
  const torn = await merge(['3-1', '3-2', '3-3'], (lines) => lines.pop())
  assert.match((torn as Failure).message, /document \d+ has 3 requests, must have 4/)
  const short = await merge(['3-1', '3-2', '3-3'], (lines) => lines.splice(0, 4))
  assert.match((short as Failure).message, /8 of 9 documents are there/)
})

test('asp merge writes the record and the logs, or one line and nothing', async () => {
  const parts = ['3-3', '3-1', '3-2'].map(file)
  const { status, stdout, stderr } = await asp(folder, ['merge', ...parts, '-o', file('merged')])
  assert.is(status, 0, stderr)
  assert.match(stdout, /hellaswag.*winogrande/s)
  assert.equal(comparable(await recordOf(file('merged'))), comparable(await recordOf(file('whole'))))
  for (const task of RUN.suites) {
    const [a, b] = await Promise.all(
      ['merged', 'whole'].map((name) => readFile(join(folder, `${name}.samples.${task}.jsonl`), 'utf8')),
    )
    assert.is(a, b)
  }
  const refused = await asp(folder, ['merge', parts[0], '-o', file('no')])
  assert.is(refused.status, 2)
  assert.is(refused.stdout, '')
  assert.match(refused.stderr, /^error: .*missing.*\n$/)
  assert.not.ok(await recordOf(file('no')).catch(() => null))
})

test('a log that a record places elsewhere is looked for beside it, and nowhere else', async () => {
  await run('placed', { suites: ['winogrande'], limit: 2, shard: { index: 1, count: 2 } })
  const record = await recordOf(file('placed'))
  const samples = record.tasks.winogrande.samples ?? ''
  const elsewhere = join(folder, 'elsewhere')
  await mkdir(elsewhere)
  const moved = { ...record.tasks.winogrande, samples: `../${samples}` }
  await writeFile(join(elsewhere, 'placed.json'), JSON.stringify({ ...record, tasks: { winogrande: moved } }))
  const message = await readShard(join(elsewhere, 'placed.json')).then(String, ({ message }) => message)
  assert.ok(message.startsWith(join(elsewhere, samples)), message)
})

test.run()
