import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { parquetMetadata } from 'hyparquet'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseSplit, localFiles } from '../../src/data/local-files.js'
import { csvRows, parseCsv } from '../../src/data/rows/csv.js'
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

const METHOD = Object.fromEntries([['toString', 'string' as const]])
const LATIN1 = Buffer.from(`${row.replace('é', 'e')}\n{"text": "caf\xe9", "label": 0}\n`, 'latin1')

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
  [
    'Latin-1',
    'b.jsonl',
    Buffer.from(`${row}\n{"text": "caf\xe9", "label": 0}`, 'latin1'),
    /b\.jsonl: row 1: must be UTF-8, got other bytes$/,
  ],
  ['Latin-1 below', 'b.jsonl', LATIN1, /b\.jsonl: row 2: must be UTF-8, got other bytes$/],
  ['Latin-1, packed', 'b.jsonl.gz', gzipSync(LATIN1), /b\.jsonl\.gz: row 2: must be UTF-8, got other bytes$/],
  [
    'Latin-1 in a list',
    'b.json',
    Buffer.from('[{"text": "caf\xe9", "label": 0}]', 'latin1'),
    /b\.json: must be UTF-8, got other bytes$/,
  ],
  [
    'Latin-1 in .csv',
    'b.csv',
    Buffer.from('text,label\n"a\nb",1\ncaf\xe9,0\n', 'latin1'),
    /b\.csv: row 4: must be UTF-8, got other bytes$/,
  ],
  [
    'Latin-1 in .csv.gz',
    'b.csv.gz',
    gzipSync(Buffer.from('text,label\ncaf\xe9,0\n', 'latin1')),
    /b\.csv\.gz: row 2: must be UTF-8/,
  ],
  [
    'UTF-16',
    'b.jsonl',
    Buffer.from(`\ufeff${row}`, 'utf16le'),
    /b\.jsonl: row 1: must be UTF-8, got other bytes$/,
  ],
  [
    'a cut character',
    'b.jsonl',
    Buffer.from(row).subarray(0, 11),
    /b\.jsonl: row 1: must be UTF-8, got other bytes$/,
  ],
  [
    'half a surrogate pair',
    'b.jsonl',
    '{"text": "a\\ud83d b", "label": 0}',
    /row 1: field 'text' must be a string, got "a\\ud83d b"$/,
  ],
  [
    'NaN',
    'b.jsonl',
    `${row}\n{"text": "a NaN in text", "label": 0, "scores": [1.5, NaN]}`,
    /b\.jsonl: row 2: not valid JSON, got NaN after ".*\\"scores\\": \[1\.5, "$/,
  ],
  [
    '-Infinity',
    'b.jsonl',
    '{"text": "\\"", "label": 0, "score": -Infinity}',
    /row 1: not valid JSON, got -Infinity after ".*score\\": "$/,
  ],
  [
    'a fault far into a row',
    'b.jsonl',
    `{"text": "${'long '.repeat(50)}", "label": 0, "other": nul}`,
    /row 1: not valid JSON, .*nul/,
  ],
  [
    "a column named like an object's method",
    'b.jsonl',
    '{"text": "", "label": 0}',
    /row 1: field 'toString' is missing$/,
  ],
]
for (const [what, name, content, message] of BAD)
  test(`refuses ${what}`, async () => {
    const {
      message: got,
      hint,
      exit,
    } = await failure(
      readRows([file(name, content)], {
        columns: what.includes('method') ? METHOD : columns,
      }),
    )
    assert.match(got, message)
    assert.not.match(got, /\n/)
    assert.ok(hint)
    assert.is(exit, 2)
  })

test('UTF-8 is read as it is: a byte order mark is none but at the beginning, and U+FFFD may be written', async () => {
  const texts = ['\ufffd', '\ufeffmark', '日本', '\u{1f600}']
  const lines = texts.map((text) => JSON.stringify({ text, label: 0 })).join('\n')
  for (const [name, content] of [
    ['u.jsonl', `\ufeff${lines}`],
    ['u.csv', `\ufefftext,label\n${texts.map((text) => `"${text}",0`).join('\n')}`],
  ]) {
    const { rows } = await readRows([file(name, content)], { columns })
    assert.equal(
      rows.map(({ value }) => value.text),
      texts,
    )
  }
})

test('parquet: a column that cannot be begun and one that cannot be read: one Failure, and nothing that nobody catches', async () => {
  const bytes = readFileSync(fixture('validation-00000-of-00001.parquet'))
  // A page of the second column; the name of the fifth in the schema.
  bytes[552] = 140
  bytes[1932] = '3'.charCodeAt(0)
  const uncaught: unknown[] = []
  const note = (error: unknown): number => uncaught.push(error)
  process.on('unhandledRejection', note)
  const { message } = await failure(readRows([file('broken.parquet', bytes)], { columns: HELLASWAG }))
  await new Promise((resolve) => setTimeout(resolve, 50))
  process.off('unhandledRejection', note)
  assert.match(message, /broken\.parquet: cannot be decoded, parquet schema element not found/)
  assert.equal(uncaught, [])
})

test('parquet: other bytes than UTF-8 are refused in the column that is read, and in no other', async () => {
  const path = fixture('latin1.parquet')
  const { message } = await failure(readRows([path], { columns: { ...columns, note: 'string' } }))
  assert.match(
    message,
    /latin1\.parquet: row 2: field 'note' must be a string, got bytes that are not UTF-8$/,
  )
  const { rows } = await readRows([path], { columns })
  assert.equal(
    rows.map(({ value }) => value.text),
    ['x', 'y'],
  )
})

const LIMITED: [name: string, content: string | Buffer][] = [
  ['l.jsonl', `${row}\n\n${row}\n`.repeat(3)],
  ['l.jsonl.gz', gzipSync(`${row}\n`.repeat(6))],
  ['l.json', `[${Array(6).fill(row).join(',')}]`],
  ['l.csv', `text,label\n${'"é\n",1\n\n'.repeat(6)}`],
  ['l.tsv', `text\tlabel\n${'é\t1\n'.repeat(6)}`],
]
for (const [name, content] of LIMITED)
  test(`${name}: two rows are wanted, six are counted, all bytes are hashed`, async () => {
    const path = file(name, content)
    const { rows, total, sha256 } = await readRows([path], { columns }, { wanted: () => 2 })
    const all = await readRows([path], { columns })
    assert.equal(rows, all.rows.slice(0, 2))
    assert.is(total, 6)
    assert.is(sha256, all.sha256)
    const both = await readRows([path, path], { columns }, { wanted: () => 7 })
    assert.equal([both.rows.length, both.total], [7, 12])
  })

test('rows with an idx are all read, as the last may be the first of the split', async () => {
  const lines = [3, 2, 0, 1].map((idx) => JSON.stringify({ text: '', label: 0, idx }))
  const path = file('i.jsonl', lines.join('\n'))
  assert.is((await readRows([path], { columns }, { wanted: () => 1 })).rows.length, 4)
})

test('parquet: only the row groups are read that hold what is wanted', async () => {
  const bytes = readFileSync(fixture('three-groups.parquet'))
  const { row_groups } = parquetMetadata(new Uint8Array(bytes).buffer)
  const damaged = Buffer.from(bytes)
  const from = Number(row_groups[2].columns[0].meta_data?.data_page_offset)
  damaged.fill(0xff, from, from + 40)
  const path = file('groups.parquet', damaged)
  // Their number is known before any is read, so that a fraction can be wanted.
  const half = (known: number | null): number => (known ?? Number.NaN) / 2
  const { rows, total } = await readRows([path], { columns }, { wanted: half })
  assert.equal(
    rows.map(({ value, line }) => [value.text, line]),
    [0, 1, 2].map((i) => [`text ${i}`, i + 1]),
  )
  assert.is(total, 6)
  assert.match((await failure(readRows([path], { columns }))).message, /groups\.parquet: cannot be decoded/)
})

const TOO_MANY: [name: string, content: string | Buffer][] = [
  ...LIMITED,
  ['l.parquet', readFileSync(fixture('three-groups.parquet'))],
]
for (const [name, content] of TOO_MANY)
  test(`${name}: more rows than memory is for are refused, and fewer read`, async () => {
    const path = file(name, content)
    const limits = { rows: 4, bytes: 2 ** 20 }
    const { message, hint } = await failure(readRows([path], { columns }, { limits }))
    assert.match(message, /: more than can be held at once, at most 4 rows and 1 MiB$/)
    assert.match(hint ?? '', /--limit/)
    assert.is((await readRows([path], { columns }, { limits, wanted: () => 4 })).rows.length, 4)
  })

const LARGE: [name: string, content: string | Buffer, message: RegExp][] = [
  ['many.jsonl.gz', gzipSync(`${row}\n`.repeat(100_000)), /more than can be held at once, at most .* 1 MiB$/],
  ['long.jsonl.gz', gzipSync(`{"text": "${'x'.repeat(5e6)}"`), /row 1: longer than 1 MiB$/],
  ['long.csv.gz', gzipSync(`text,label\n"${'x\n'.repeat(3e6)}`), /row 2: longer than 1 MiB$/],
  ['large.json', `[${Array(50_000).fill(row).join(',')}]`, /: larger than 1 MiB$/],
]
for (const [name, content, message] of LARGE)
  test(`${name}: more bytes than memory is for are refused`, async () => {
    const limits = { rows: 1e6, bytes: 2 ** 20 }
    assert.match((await failure(readRows([file(name, content)], { columns }, { limits }))).message, message)
  })

test('what is streamed is what stands there, wherever the pieces end', async () => {
  const text = 'text,label\r\n"é ""日本""\nb",0\r\n\r\nc\td,1\r\n"x\r\ry",2\nlast,3'
  const [, ...records] = parseCsv(text)
  for (const size of [1, 2, 3, 7, 1000]) {
    const taken: unknown[] = []
    const sink = { isFull: false, add: (taking: unknown) => taken.push(taking) }
    await csvRows(pieces(Buffer.from(text), size), ',', 2 ** 20, sink as never)
    assert.equal(
      taken,
      records.map(({ fields: [text, label], line }) => ({ value: { text, label }, line })),
      `${size}`,
    )
  }
})

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('a .json file of many empty lines is looked at once', async () => {
  const began = performance.now()
  await failure(readRows([file('lines.json', `{}${'\n'.repeat(200_000)}x`)], { columns }))
  assert.ok(performance.now() - began < 2000)
})

test('the name of a split is no regular expression', () => {
  assert.throws(
    () => chooseSplit(['a.jsonl'], '((((', 'folder'),
    /no data file named after the split '\(\(\(\('/,
  )
  assert.throws(() => chooseSplit(['a.jsonl'], 'constructor', 'folder'), /after the split 'constructor'/)
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
