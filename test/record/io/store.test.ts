import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EXIT, Failure } from '../../../src/errors.js'
import { buildRecord } from '../../../src/record/eval/build.js'
import type { EvalRecord } from '../../../src/record/eval/schema.js'
import {
  abandonOutput,
  formatRecord,
  prepareOutput,
  recordFileName,
  writeRecord,
} from '../../../src/record/io/store.js'
import { recordParts } from '../fixture.js'

const test = suite('record store')
const record = buildRecord(recordParts())
let folder = ''

test.before.each(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'asp-store-'))
})
test.after.each(async () => {
  await rm(folder, { recursive: true })
})

const written = async (file: string): Promise<EvalRecord> => JSON.parse(await readFile(file, 'utf8'))

/** The Failure that `action` ends in. */
async function failureOf(action: Promise<unknown>): Promise<Failure> {
  const thrown = await action.then(
    () => assert.unreachable('nothing was thrown'),
    (error: unknown) => error,
  )
  assert.instance(thrown, Failure)
  return thrown as Failure
}

test('a record comes back as it was written, alone in its folder', async () => {
  const target = await prepareOutput(path.join(folder, 'run.json'), 'unused.json')
  await writeRecord(target, record)
  assert.equal(await written(target.path), record)
  assert.equal(await readdir(folder), ['run.json'])
})

test('a second record replaces the first', async () => {
  const target = await prepareOutput(path.join(folder, 'run.json'), 'unused.json')
  await writeRecord(target, buildRecord(recordParts({ status: 'incomplete' })))
  await writeRecord(target, record)
  assert.is((await written(target.path)).status, 'complete')
  assert.equal(await readdir(folder), ['run.json'])
})

test('--output may be a folder, made when its parent exists and taken back when the run fails', async () => {
  const made = path.join(folder, 'runs')
  const target = await prepareOutput(made, 'name.json')
  assert.is(target.path, path.join(made, 'name.json'))
  assert.equal(await readdir(made), [])
  await abandonOutput(target)
  assert.equal(await readdir(folder), [])
})

test('a folder that was there, or holds something, is not taken back', async () => {
  await abandonOutput(await prepareOutput(folder, 'name.json'))
  const made = await prepareOutput(path.join(folder, 'runs'), 'name.json')
  await writeRecord(made, record)
  await abandonOutput(made)
  assert.equal(await readdir(path.join(folder, 'runs')), ['name.json'])
})

test('without --output the record goes to results/ of the current folder', async () => {
  const before = process.cwd()
  process.chdir(folder)
  try {
    const target = await prepareOutput(undefined, 'name.json')
    assert.is(target.path, path.join(process.cwd(), 'results', 'name.json'))
  } finally {
    process.chdir(before)
  }
})

test('a place that cannot be written is refused before any work, by name', async () => {
  const file = path.join(folder, 'plain')
  await writeFile(file, '')
  const cases: [string, RegExp][] = [
    [path.join(file, 'run.json'), /plain\/run\.json: .*not a folder|in the way/],
    [path.join(file, 'sub', 'run.json'), /part of the path is not a folder/],
    [file, /plain: .*a file of that name is in the way/],
    [path.join(folder, 'no', 'such', 'run.json'), /no such file or folder/],
    ['/proc/run.json', /\/proc\/run\.json: /],
  ]
  for (const [output, message] of cases) {
    const failure = await failureOf(prepareOutput(output, 'name.json'))
    assert.match(failure.message, message)
    assert.is(failure.exit, EXIT.usage)
    assert.match(failure.hint ?? '', /--output/)
    assert.not.match(failure.message, /\n/)
  }
  assert.equal(await readdir(folder), ['plain'])
})

test('a failing write leaves no temporary file and the old record whole', async () => {
  const target = await prepareOutput(path.join(folder, 'run.json'), 'unused.json')
  // The rename onto a folder fails after the temporary file is complete.
  await mkdir(target.path)
  const failure = await failureOf(writeRecord(target, record))
  assert.is(failure.exit, EXIT.failed)
  assert.equal(await readdir(folder), ['run.json'])
})

test('file names', () => {
  const started = new Date('2026-01-02T03:04:05.678Z')
  const name = { suites: ['hellaswag'], model: 'asp-tiny', policy: 'adaptive', sparsity: 0.8, started }
  assert.is(recordFileName(name), 'hellaswag-asp-tiny-adaptive-s0.8-2026-01-02T03-04-05Z.json')
  const dense = {
    ...name,
    suites: ['piqa', 'a/b'],
    model: 'openai-community/gpt2',
    policy: 'dense',
    sparsity: null,
  }
  assert.is(recordFileName(dense), 'piqa+a_b-gpt2-dense-2026-01-02T03-04-05Z.json')
  const many = { ...name, suites: ['a', 'b', 'c', 'd', 'e'], sparsity: 0 }
  assert.is(recordFileName(many), '5-suites-asp-tiny-adaptive-s0-2026-01-02T03-04-05Z.json')
})

test("long lists of plain values take one line, everything else lm-eval's layout", () => {
  const column = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? i / 3 : -i))
  const value = {
    a: [],
    b: {},
    c: [1, 2],
    d: [{ 'e "f"': column }, null],
    'x,y': ['[', '\n'],
    nan: [Number.NaN],
  }
  assert.equal(JSON.parse(formatRecord(value)), JSON.parse(JSON.stringify(value)))
  assert.is(formatRecord({ column }).split('\n').length, 4)
  const short = { ...value, d: [{ 'e "f"': column.slice(0, 8) }] }
  assert.is(formatRecord(short), `${JSON.stringify(short, null, 2)}\n`)
})

test('the file is readable JSON with lm-eval layout', async () => {
  const target = await prepareOutput(path.join(folder, 'run.json'), 'unused.json')
  await writeRecord(target, record)
  assert.ok((await readFile(target.path, 'utf8')).startsWith('{\n  "schema": "asp.result/1",\n'))
})

test.run()
