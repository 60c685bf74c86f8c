import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCsv } from '../../src/data/rows/csv.js'
import { type ColumnType, readRows } from '../../src/data/rows.js'
import { Failure } from '../../src/errors.js'

const test = suite('csv')

const fieldsOf = (text: string) => parseCsv(text).map(({ fields }) => fields)

const CASES: [text: string, fields: string[][]][] = [
  ['', []],
  ['a', [['a']]],
  ['a,b\n', [['a', 'b']]],
  [
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'a,b\rc,',
    [
      ['a', 'b'],
      ['c', ''],
    ],
  ],
  [',\n', [['', '']]],
  ['a\n\n\nb', [['a'], ['b']]],
  ['""\n', [['']]],
  ['"a,b","c ""d"" e"\n', [['a,b', 'c "d" e']]],
  [
    '"line\nbreak",x\r\ny,z',
    [
      ['line\nbreak', 'x'],
      ['y', 'z'],
    ],
  ],
  [' a , b ', [[' a ', ' b ']]],
  ['é,日本\n', [['é', '日本']]],
]
for (const [text, fields] of CASES) {
  test(`reads ${JSON.stringify(text)}`, () => assert.equal(fieldsOf(text), fields))
}

test('counts lines, those inside quotes too', () => {
  assert.equal(
    parseCsv('a\r\n"b\n\nc"\n\nd').map(({ line }) => line),
    [1, 2, 6],
  )
})

for (const text of ['a,"b', 'a\n"b"c,d', 'a"b']) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseCsv(text),
      (error: unknown) => error instanceof Failure && /^row \d: has a quote/.test(error.message),
    )
  })
}

test('a hundred thousand fields take no time', () => {
  const started = performance.now()
  assert.is(parseCsv('a,"b ""c""",d\n'.repeat(33_000)).length, 33_000)
  assert.ok(performance.now() - started < 2000)
})

const folder = mkdtempSync(join(tmpdir(), 'asp-csv-'))
test.after(() => rmSync(folder, { recursive: true }))
const columns: Record<string, ColumnType> = { text: 'string', label: 'index' }

test('rows of .csv, .tsv and .csv.gz are those of JSON lines', async () => {
  const contents: Record<string, string | Buffer> = {
    'a.csv': '\ufefftext,label\r\n"one, two",1\r\nthree,0\r\n',
    'a.tsv': 'text\tlabel\none, two\t1\nthree\t0\n',
    'a.csv.gz': gzipSync('label,text\n1,"one, two"\n0,three'),
    'a.json': '{"text": "one, two", "label": "1"}\n{"text": "three", "label": "0"}\n',
  }
  for (const [name, content] of Object.entries(contents)) {
    writeFileSync(join(folder, name), content)
    const { rows } = await readRows([join(folder, name)], { columns })
    assert.equal(
      rows.map(({ value }) => value),
      [
        { text: 'one, two', label: '1' },
        { text: 'three', label: '0' },
      ],
      name,
    )
  }
  const { rows } = await readRows([join(folder, 'a.csv'), join(folder, 'a.tsv')], { columns })
  assert.is(rows.length, 4)
})

test('a row with too few fields is named', async () => {
  writeFileSync(join(folder, 'b.csv'), 'text,label\na,1\nb\n')
  const failure = await readRows([join(folder, 'b.csv')], { columns }).catch((error: unknown) => error)
  assert.instance(failure, Failure)
  assert.match(String(failure), /b.csv: row 3: must have 2 fields, got 1/)
})

test.run()
