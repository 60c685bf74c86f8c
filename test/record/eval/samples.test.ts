import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../../src/errors.js'
import type { SampleLine } from '../../../src/record/eval/sample-schema.js'
import { openSampleLog, readSampleLog, sampleLine, sampleLogPath } from '../../../src/record/eval/samples.js'

const test = suite('sample log')
let folder = ''

test.before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'asp-samples-'))
})
test.after(async () => {
  await rm(folder, { recursive: true })
})

const line = (doc: number, index: number): SampleLine =>
  sampleLine({
    task: 'hellaswag',
    document: { id: 7 + doc, hash: 'f'.repeat(64), requests: 4, gold: 2 },
    request: { doc, index, input: new Uint32Array(40), targets: new Uint32Array(9) },
    score: { logprob: -41.250000001, greedy: false, pairs: 780, removed: [600, 700], kept: [9, 4] },
    units: { chars: 44 },
    ...(index === 3 ? { metrics: { acc: 1 } } : {}),
  })

test('one line a request, numbers as numbers, valid at any moment', async () => {
  const log = await openSampleLog(path.join(folder, 'a.jsonl'))
  await log.append([line(0, 0), line(0, 3)])
  const rows = (await readFile(log.path, 'utf8')).split('\n')
  assert.is(rows.length, 3)
  assert.equal(JSON.parse(rows[0]), {
    task: 'hellaswag',
    row: 0,
    doc_id: 7,
    doc_hash: 'f'.repeat(64),
    index: 0,
    of: 4,
    input_tokens: 40,
    target_tokens: 9,
    logprob: -41.250000001,
    greedy: false,
    pairs: 780,
    removed: [600, 700],
    kept: [9, 4],
    gold: 2,
    units: { chars: 44 },
    line_hash: createHash('sha256')
      .update(JSON.stringify(line(0, 0)))
      .digest('hex')
      .slice(0, 16),
  })
  assert.equal(JSON.parse(rows[1]).metrics, { acc: 1 })
  await log.close()
})

test('a torn last line is dropped and continued over', async () => {
  const file = path.join(folder, 'torn.jsonl')
  const log = await openSampleLog(file)
  await log.append([line(0, 0), line(0, 1)])
  await log.close()
  await appendFile(file, '{"task":"hellas')
  const { lines, bytes } = await readSampleLog(file)
  assert.equal(lines, [line(0, 0), line(0, 1)])

  const resumed = await openSampleLog(file, { keep: bytes })
  await resumed.append([line(0, 2)])
  await resumed.close()
  assert.equal((await readSampleLog(file)).lines, [line(0, 0), line(0, 1), line(0, 2)])
})

test('a new run starts an empty log', async () => {
  const file = path.join(folder, 'again.jsonl')
  await writeFile(file, 'old\n')
  await (await openSampleLog(file)).close()
  assert.is(await readFile(file, 'utf8'), '')
})

test('a spoilt line is refused with its number', async () => {
  const file = path.join(folder, 'spoilt.jsonl')
  for (const spoilt of ['{"task":', '[1]', '{"doc_id":1,"index":0}']) {
    await writeFile(file, `${JSON.stringify(line(0, 0))}\n${spoilt}\n`)
    const thrown = await readSampleLog(file).catch((error: unknown) => error)
    assert.instance(thrown, Failure)
    assert.match((thrown as Failure).message, /spoilt\.jsonl: line 2 is not a scored request/)
  }
})

test('a figure that was changed is noticed, and a hash that was taken away', async () => {
  const file = path.join(folder, 'changed.jsonl')
  const log = await openSampleLog(file)
  await log.append([line(0, 0), line(0, 1), line(0, 2)])
  await log.close()
  const whole = await readFile(file, 'utf8')
  const changes: [string, string, number][] = [
    ['-41.250000001', '-41.250000002', 1],
    ['"kept":[9,4]', '"kept":[9,5]', 1],
    ['"units":{"chars":44}', '"units":{"chars":45}', 1],
    ['"greedy":false', '"greedy":true', 1],
  ]
  for (const [from, to, at] of changes) {
    await writeFile(file, whole.replace(from, to))
    const thrown = await readSampleLog(file).catch((error: unknown) => error)
    assert.instance(thrown, Failure, from)
    assert.match((thrown as Failure).message, new RegExp(`line ${at} is not as it was written`))
  }
  const rows = whole.split('\n')
  await writeFile(file, [rows[0], rows[1].replace(/,"line_hash":"\w+"/, ''), ''].join('\n'))
  const thrown = await readSampleLog(file).catch((error: unknown) => error)
  assert.match((thrown as Failure).message, /line 2 is not as it was written/)
})

test('lines of an older asp have no hash, and stand before those that have one', async () => {
  const file = path.join(folder, 'older.jsonl')
  await writeFile(file, `${JSON.stringify(line(0, 0))}\n`)
  const { bytes } = await readSampleLog(file)
  const log = await openSampleLog(file, { keep: bytes })
  await log.append([line(0, 1)])
  await log.close()
  assert.equal((await readSampleLog(file)).lines, [line(0, 0), line(0, 1)])
})

test('the log lies beside the record', () => {
  assert.is(sampleLogPath({ path: '/a/run.v1.json' }, 'hellaswag'), '/a/run.v1.samples.hellaswag.jsonl')
  assert.is(sampleLogPath({ path: '/a/run.json' }, '../own suite'), '/a/run.samples..._own_suite.jsonl')
})

test('a log that cannot be opened is a Failure', async () => {
  const thrown = await openSampleLog(path.join(folder, 'none', 'x.jsonl')).catch((error: unknown) => error)
  assert.instance(thrown, Failure)
})

test.run()
