/** JSON that is nested too deep for what comes after it is refused by every reader, as a person reads it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readJsonObject } from '../src/data/json-file.js'
import { readRows } from '../src/data/rows.js'
import { Failure } from '../src/errors.js'
import { parseJson } from '../src/json.js'
import { readSampleLog } from '../src/record/eval/samples.js'
import { readRecord } from '../src/record/io/read.js'
import { EVAL_SCHEMA } from '../src/record/kinds.js'
import { parseSamples } from '../src/suites/selection.js'
import { loadSuite } from '../src/suites/suite.js'

const test = suite('JSON')

const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

test('as deep as anything that asp reads', () => {
  for (const text of ['1', '"[[["', lists(200), objects(200), `[${'{},'.repeat(500)}[]]`])
    assert.equal(parseJson(text), JSON.parse(text))
})

test('brackets inside of texts are none', () => {
  const text = JSON.stringify({ a: `${'['.repeat(900)}\\"`, b: '{"' })
  assert.equal(parseJson(text), JSON.parse(text))
})

test('deeper is no JSON', () => {
  for (const text of [lists(201), objects(201), `{"a":[${lists(9_000)}]}`])
    assert.throws(
      () => parseJson(text),
      /^SyntaxError: nested more than 200 levels deep$|nested more than 200/,
    )
})

const folder = mkdtempSync(join(tmpdir(), 'asp-json-'))
test.after(() => rmSync(folder, { recursive: true }))

const READERS: Record<string, (path: string) => unknown> = {
  'a record': (path) => readRecord(path, [EVAL_SCHEMA]),
  'a sample log': readSampleLog,
  'config.json, tokenizer.json, an index': (path) => readJsonObject(path, ''),
  rows: (path) => readRows([path], { columns: { x: 'string' } }),
  'a suite': async (path) => loadSuite(path),
  '--samples': async (path) => parseSamples(path),
}
for (const [what, read] of Object.entries(READERS))
  test(`${what}: a Failure`, async () => {
    const path = join(folder, 'deep.json')
    writeFileSync(path, `{"x":${lists(20_000)}}\n`)
    const error = await Promise.resolve(read(path)).catch((thrown: unknown) => thrown)
    assert.instance(error, Failure, String(error))
  })

test('--samples: a file that is no UTF-8 is refused', () => {
  const path = join(folder, 'latin1.json')
  writeFileSync(path, Buffer.from('{"pi\xe9qa": [1]}', 'latin1'))
  assert.throws(() => parseSamples(path), /latin1\.json: must be UTF-8, got other bytes/)
})

test.run()
