import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCsv } from '../../src/data/rows/csv.js'
import { type ColumnType, readRows } from '../../src/data/rows.js'
import { Failure } from '../../src/errors.js'
import { pythonRandom } from '../../src/stats/python-random.js'

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

test('ten megabytes in one field, quoted or not, with doubled quotes or without', () => {
  const words = 'word '.repeat(2_000_000)
  assert.equal(fieldsOf(`text,n\n"${words}",1\n`)[1], [words, '1'])
  assert.equal(fieldsOf(`text,n\n${words},1\n`)[1], [words, '1'])
  const quotes = '"'.repeat(1_000_000)
  assert.equal(fieldsOf(`"${quotes}${quotes}"`), [[quotes]])
})

/** What RFC 4180 says, a character at a time. */
function plainly(text: string): string[][] | null {
  const records: string[][] = []
  let fields: string[] = []
  let [field, isQuoted, state] = ['', false, 'start']
  const endRecord = (): void => {
    fields.push(field)
    if (fields.length > 1 || field !== '' || isQuoted) records.push(fields)
    fields = []
  }
  for (const char of text.replaceAll(/\r\n?(?=(?:[^"]*"[^"]*")*[^"]*$)/g, '\n')) {
    if (state === 'quoted') {
      if (char === '"') state = 'closed'
      else field += char
    } else if (char === '"') {
      if (state === 'start') isQuoted = true
      else if (state !== 'closed') return null
      else field += char
      state = 'quoted'
    } else if (char === ',' || char === '\n') {
      if (char === ',') fields.push(field)
      else endRecord()
      field = ''
      isQuoted = false
      state = 'start'
    } else if (state === 'closed') return null
    else {
      field += char
      state = 'bare'
    }
  }
  if (state === 'quoted') return null
  if (fields.length > 0 || field !== '' || isQuoted) endRecord()
  return records
}

test('reads and refuses what a reader of single characters does', () => {
  const random = pythonRandom(5)
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from(
      { length: 1 + Math.floor(12 * random.random()) },
      () => 'a,"\n\r'[Math.floor(5 * random.random())],
    ).join('')
    let got: string[][] | null = null
    try {
      got = fieldsOf(text)
    } catch {
      // Refused, as null says.
    }
    assert.equal(got, plainly(text), JSON.stringify(text))
  }
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
