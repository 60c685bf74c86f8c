import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseSplit, localFiles } from '../../src/data/local-files.js'
import { type ColumnType, readRows } from '../../src/data/rows.js'
import { Failure } from '../../src/errors.js'

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/suites/${path}`, import.meta.url))
const HELLASWAG: Record<string, ColumnType> = {
  activity_label: 'string',
  ctx_a: 'string',
  ctx_b: 'string',
  endings: 'strings',
  label: 'index',
}
const columns: Record<string, ColumnType> = { text: 'string', label: 'index' }
const folder = mkdtempSync(join(tmpdir(), 'asp-rows-'))
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
async function failure(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${error}`)
  return error
}

const test = suite('rows')
const row = '{"text": "é", "label": 1}'

const SAME: [name: string, content: string | Buffer, lines: number[]][] = [
  ['a.jsonl', `\ufeff${row}\n\n${row}\r\n`, [1, 3]],
  ['a.json', `[${row}, ${row}]`, [1, 2]],
  ['a.jsonl.gz', gzipSync(`${row}\n${row}`), [1, 2]],
]
for (const [name, content, lines] of SAME)
  test(`reads ${name}`, async () => {
    const path = file(name, content)
    const { rows, sha256, files } = await readRows([path], { columns })
    assert.equal(
      rows,
      lines.map((line) => ({ value: { text: 'é', label: 1 }, line })),
    )
    assert.is(sha256, createHash('sha256').update(readFileSync(path)).digest('hex'))
    assert.equal(files, [path])
  })

test('parquet gives what JSON lines give: snappy, with string labels and an index', async () => {
  const parquet = await readRows([fixture('validation-00000-of-00001.parquet')], { columns: HELLASWAG })
  const json = await readRows([fixture('rows/hellaswag.jsonl')], { columns: HELLASWAG })
  assert.is(parquet.rows.length, 4)
  for (const [i, { value, line }] of parquet.rows.entries()) {
    const { idx, label, ...rest } = json.rows[i].value
    assert.equal(value, { ...rest, ind: idx, label: String(label) })
    assert.is(line, i + 1)
  }
})

test('parquet: zstd, 64-bit integers become numbers', async () => {
  const piqa: Record<string, ColumnType> = { goal: 'string', sol1: 'string', sol2: 'string', label: 'index' }
  const parquet = await readRows([fixture('piqa-zstd.parquet')], { columns: piqa })
  const json = await readRows([fixture('rows/piqa.jsonl')], { columns: piqa })
  for (const [i, { value }] of parquet.rows.entries())
    assert.equal({ idx: json.rows[i].value.idx, ...value }, json.rows[i].value)
})

test('files of one split are joined in order', async () => {
  const a = file('p-00000-of-00002.jsonl', '{"text": "a", "label": 0}\n')
  const b = file('p-00001-of-00002.jsonl', '{"text": "b", "label": 0}\n')
  const { rows } = await readRows([a, b], { columns })
  assert.equal(
    rows.map(({ value }) => value.text),
    ['a', 'b'],
  )
})

const BAD: [what: string, name: string, content: string | Buffer, message: RegExp][] = [
  ['broken line', 'b.jsonl', `${row}\n{"text": \n`, /b\.jsonl: row 2: not valid JSON, got "\{\\"text\\": "$/],
  ['not an object', 'b.jsonl', `[1]\n`, /b\.jsonl: row 1: must be a JSON object, got \[1\]/],
  ['missing field', 'b.jsonl', `${row}\n{"label": 0}\n`, /b\.jsonl: row 2: field 'text' is missing/],
  ['wrong type', 'b.jsonl', '{"text": 5, "label": 0}', /row 1: field 'text' must be a string, got 5/],
  [
    'fraction',
    'b.jsonl',
    '{"text": "", "label": 0.5}',
    /row 1: field 'label' must be a whole number from 0, got 0\.5/,
  ],
  [
    'empty label',
    'b.jsonl',
    '{"text": "", "label": ""}',
    /field 'label' must be a whole number from 0, got ""/,
  ],
  ['no rows', 'b.jsonl', '\n', /b\.jsonl: no rows/],
  ['not a list', 'b.json', row, /b\.json: must be a list of rows/],
  ['cut JSON', 'b.json', '[{"a"', /b\.json: cannot be decoded, /],
  ['cut gzip', 'b.jsonl.gz', gzipSync(row).subarray(0, 20), /b\.jsonl\.gz: cannot be decoded, /],
  ['cut parquet', 'b.parquet', Buffer.from('PAR1 nothing'), /b\.parquet: cannot be decoded, /],
  ['plain text', 'b.txt', 'text', /b\.txt: plain text holds no rows/],
  ['format', 'b.xlsx', 'text', /b\.xlsx: not a known data format/],
]
for (const [what, name, content, message] of BAD)
  test(`refuses ${what}`, async () => {
    const { message: got, hint, exit } = await failure(readRows([file(name, content)], { columns }))
    assert.match(got, message)
    assert.not.match(got, /\n/)
    assert.ok(hint)
    assert.is(exit, 2)
  })

test('a missing file or folder', async () => {
  assert.match(
    (await failure(readRows([join(folder, 'none.jsonl')], { columns }))).message,
    /none\.jsonl: cannot be read/,
  )
  assert.match(
    (await failure(localFiles(join(folder, 'none'), 'test'))).message,
    /none: no such file or folder/,
  )
})

test('a folder gives the file named after the split', async () => {
  assert.equal(await localFiles(fixture('.'), 'validation'), [fixture('validation-00000-of-00001.parquet')])
  assert.equal(await localFiles(fixture('rows/piqa.jsonl'), 'validation'), [fixture('rows/piqa.jsonl')])
})

const FOLDERS: [split: string, names: string[], expected: string[] | RegExp][] = [
  ['validation', ['train.jsonl', 'validation_xl.jsonl'], ['validation_xl.jsonl']],
  ['validation', ['hellaswag_val.jsonl', 'hellaswag_train.jsonl'], ['hellaswag_val.jsonl']],
  [
    'test',
    ['test-00000-of-00002.parquet', 'test-00001-of-00002.parquet'],
    ['test-00000-of-00002.parquet', 'test-00001-of-00002.parquet'],
  ],
  ['test', ['latest.jsonl', 'wiki.test.raw'], ['wiki.test.raw']],
  ['test', ['wiki.test.raw', 'wiki.test.tokens.txt'], ['wiki.test.raw']],
  [
    'test',
    ['wiki.test.part1.raw.txt', 'wiki.test.part2.raw.txt', 'wiki.test.part1.tokens.txt'],
    ['wiki.test.part1.raw.txt', 'wiki.test.part2.raw.txt'],
  ],
  [
    'test',
    ['test.jsonl', 'test_extra.jsonl'],
    /several files may be the split 'test', got test\.jsonl, test_/,
  ],
  ['test', ['train.jsonl'], /no data file named after the split 'test', got train\.jsonl/],
  ['test', [], /got no \.jsonl/],
]
for (const [split, names, expected] of FOLDERS)
  test(`${split} among ${names.join(', ') || 'nothing'}`, () => {
    if (expected instanceof RegExp) assert.throws(() => chooseSplit(names, split, 'folder'), expected)
    else assert.equal(chooseSplit(names, split, 'folder'), expected)
  })

test.after(() => rmSync(folder, { recursive: true }))
test.run()
