import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EXIT } from '../../../src/errors.js'
import { buildRecord } from '../../../src/record/eval/build.js'
import type { EvalRecord } from '../../../src/record/eval/schema.js'
import {
  formatRecord,
  recordFileName,
  removeLeftovers,
  writeRecord,
  writeWhole,
} from '../../../src/record/io/store.js'
import { failureOf } from '../../failure.js'
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

test('a record comes back as it was written, alone in its folder', async () => {
  const target = { path: path.join(folder, 'run.json') }
  await writeRecord(target, record)
  assert.equal(await written(target.path), record)
  assert.equal(await readdir(folder), ['run.json'])
})

test('a second record replaces the first', async () => {
  const target = { path: path.join(folder, 'run.json') }
  await writeRecord(target, buildRecord(recordParts({ status: 'incomplete' })))
  await writeRecord(target, record)
  assert.is((await written(target.path)).status, 'complete')
  assert.equal(await readdir(folder), ['run.json'])
})

test('a failing write leaves no temporary file and the old record whole', async () => {
  const target = { path: path.join(folder, 'run.json') }
  // The rename onto a folder fails after the temporary file is complete.
  await mkdir(target.path)
  const failure = await failureOf(writeRecord(target, record))
  assert.is(failure.exit, EXIT.failed)
  assert.equal(await readdir(folder), ['run.json'])
})

test('a link stays a link, what it leads to is replaced', async () => {
  const link = path.join(folder, 'latest.json')
  await writeFile(path.join(folder, 'run.json'), 'old')
  await symlink('run.json', link)
  await writeWhole(link, 'new')
  assert.is(await readlink(link), 'run.json')
  assert.is(await readFile(path.join(folder, 'run.json'), 'utf8'), 'new')
})

test('temporary files that were left are removed: those of the file, and others when they are old', async () => {
  const old = new Date(Date.now() - 2 * 3_600_000)
  const names = [
    'run.json.7-0a1b2c3d.tmp',
    'other.json.7-0a1b2c3d.tmp',
    'fresh.json.7-0a1b2c3d.tmp',
    'mine.tmp',
  ]
  for (const name of names) await writeFile(path.join(folder, name), '')
  for (const name of ['other.json.7-0a1b2c3d.tmp', 'mine.tmp'])
    await utimes(path.join(folder, name), old, old)
  await removeLeftovers(folder, path.join(folder, 'run.json'))
  assert.equal((await readdir(folder)).sort(), ['fresh.json.7-0a1b2c3d.tmp', 'mine.tmp'])
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
  const shard = { ...dense, suites: ['piqa'], shard: { index: 2, count: 3 } }
  assert.is(recordFileName(shard), 'piqa-gpt2-dense-shard2of3-2026-01-02T03-04-05Z.json')
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
  const target = { path: path.join(folder, 'run.json') }
  await writeRecord(target, record)
  assert.ok((await readFile(target.path, 'utf8')).startsWith('{\n  "schema": "asp.result/1",\n'))
})

test.run()
