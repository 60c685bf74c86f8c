import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseFiles, parseHubText } from '../../src/data/hub/text.js'
import { readText, type TextOptions } from '../../src/data/text.js'
import { sampleText } from '../../src/data/text-sample.js'
import { Failure } from '../../src/errors.js'
import { COMMIT, failureOf, quick } from './hub/fixture.js'
import { startHub } from './hub/server.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-text-'))
const bytes = (text: string) => new TextEncoder().encode(text)
const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const test = suite('text')
test.after(() => rmSync(folder, { recursive: true, force: true }))

const rows = '{"text": "one", "page": "eins"}\n{"text": "two\\n", "page": "zwei"}\n'

const READ: [name: string, content: string | Uint8Array, text: string, documents: number][] = [
  ['plain.txt', 'Héllo\r\nworld\n', 'Héllo\r\nworld\n', 1],
  ['notes.md', '# Notes', '# Notes', 1],
  ['no-ending', 'text', 'text', 1],
  ['program.py', 'print(1)', 'print(1)', 1],
  ['mark.txt', '\ufeffafter the mark', 'after the mark', 1],
  ['rows.jsonl', rows, 'one\n\ntwo\n', 2],
  ['rows.jsonl.gz', gzipSync(rows), 'one\n\ntwo\n', 2],
  ['rows.csv', 'text,page\none,eins\ntwo,zwei\n', 'one\n\ntwo', 2],
]
for (const [name, content, text, documents] of READ) {
  test(`reads ${name}`, async () => {
    const path = file(name, content)
    const read = await readText([path])
    assert.is(read.text, text)
    const source = {
      kind: 'file',
      source: path,
      revision: null,
      split: null,
      documents,
      sha256: sha256(content),
    }
    assert.equal(read.sources, [source])
  })
}

test('another field of the rows', async () => {
  assert.is((await readText([file('pages.jsonl', rows)], { column: 'page' })).text, 'eins\n\nzwei')
})

test('a folder: its text files in number order, nothing else, nothing deeper', async () => {
  const inner = join(folder, 'chapters')
  mkdirSync(join(inner, 'deeper'), { recursive: true })
  const files = {
    'part10.txt': 'ten',
    'part2.md': 'two',
    'rows.jsonl': rows,
    'image.png': '\0',
    'x.csv': 'a\nb',
  }
  for (const [name, content] of Object.entries(files)) file(`chapters/${name}`, content)
  file('chapters/deeper/part3.txt', 'three')
  const { text, sources } = await readText([inner])
  assert.is(text, 'two\n\nten\n\none\n\ntwo\n')
  assert.is(sources[0].documents, 4)
  const hashes = ['two', 'ten', rows].map((content) => sha256(content))
  assert.is(sources[0].sha256, sha256(hashes.join('\n')))
})

test('several inputs, standard input among them, an empty line in between', async () => {
  async function* stdin() {
    // Cut inside a character.
    yield bytes('é').subarray(0, 1)
    yield bytes('é').subarray(1)
  }
  const { text, sources } = await readText([file('a.txt', 'a'), '-'], { stdin: stdin() })
  assert.is(text, 'a\n\né')
  assert.equal(
    sources.map(({ kind, source }) => [kind, source]),
    [
      ['file', join(folder, 'a.txt')],
      ['stdin', '-'],
    ],
  )
})

test('nothing named is the bundled sample', async () => {
  const { text, sources } = await readText([])
  assert.is(text, await sampleText())
  assert.is(sources[0].kind, 'sample')
  assert.is(sources[0].documents, 7)
})

const REFUSED: [what: string, input: () => string[], message: RegExp, options?: TextOptions][] = [
  ['a missing file', () => [join(folder, 'gone.txt')], /gone\.txt: no such file or folder$/],
  ['a name with a slip', () => ['notes/gone.txt'], /^notes\/gone\.txt: no such file or folder$/],
  ['binary data', () => [file('b.txt', 'a\0b')], /b\.txt: must be text, got binary data$/],
  [
    'other encodings',
    () => [file('l1.txt', Uint8Array.of(0xe9, 0x20))],
    /l1\.txt: must be UTF-8, got other bytes$/,
  ],
  ['nothing but space', () => [file('space.txt', ' \n')], /must hold text, got nothing but white space$/],
  [
    'a field that is missing',
    () => [file('r.jsonl', rows)],
    /row 1: field 'body' is missing$/,
    { column: 'body' },
  ],
  ['a row that is no JSON', () => [file('j.jsonl', '{"text":')], /j\.jsonl: row 1: not valid JSON/],
  ['standard input twice', () => ['-', '-'], /^-: standard input can be read once, got it twice$/],
  ['too many parts', () => ['a/b:c/d/e/f'], /^a\/b:c\/d\/e\/f: must be .* got 4 parts$/],
]
for (const [what, input, message, options] of REFUSED) {
  test(`refuses ${what}`, async () => {
    assert.match((await failureOf(readText(input(), options))).message, message)
  })
}

test('a folder without text', async () => {
  mkdirSync(join(folder, 'pictures'), { recursive: true })
  file('pictures/a.png', 'x')
  assert.match(
    (await failureOf(readText([join(folder, 'pictures')]))).message,
    /must hold \.txt, .* got none$/,
  )
})

test('what a Hub dataset is written as', () => {
  const parsed = (spec: string) => {
    const { name, revision, config, split, column } = parseHubText(spec) ?? {}
    return [name, revision, config, split, column]
  }
  assert.equal(parsed('owner/name'), ['owner/name', 'main', null, null, null])
  assert.equal(parsed('owner/name:train'), ['owner/name', 'main', null, 'train', null])
  assert.equal(parsed('owner/name@v1.0:train/page'), ['owner/name', 'v1.0', null, 'train', 'page'])
  assert.equal(parsed('o/n@refs/convert/parquet:raw/test/text'), [
    'o/n',
    'refs/convert/parquet',
    'raw',
    'test',
    'text',
  ])
  for (const path of ['./a/b', 'a', 'a/b/c', '/a/b', 'a/b.jsonl', 'a/b.md'])
    assert.is(parseHubText(path), null, path)
})

/** As wikitext and others lie on the Hub. */
const CONFIGS = ['103', '2'].flatMap((config) =>
  ['test', 'train', 'validation'].map((split) => `wikitext-${config}/${split}-00000-of-00001.parquet`),
)
const CHOSEN: [spec: string, paths: string[], chosen: string[], split: string][] = [
  [
    'a/b',
    ['README.md', 'data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'],
    ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'],
    'train',
  ],
  ['a/b', ['train.jsonl', 'validation.jsonl', 'notes.docx'], ['validation.jsonl'], 'validation'],
  ['a/b:dev', ['dev.csv', 'test.csv'], ['dev.csv'], 'dev'],
  ['a/b:wikitext-2/test/text', CONFIGS, ['wikitext-2/test-00000-of-00001.parquet'], 'test'],
  [
    'a/b',
    ['default/test/0000.parquet', 'default/test/0001.parquet', 'default/train/0000.parquet'],
    ['default/test/0000.parquet', 'default/test/0001.parquet'],
    'test',
  ],
  [
    'a/b:en/train/text',
    ['en/partial-train/0000.parquet', 'fr/train/0000.parquet'],
    ['en/partial-train/0000.parquet'],
    'train',
  ],
]
for (const [spec, paths, chosen, split] of CHOSEN) {
  test(`${spec} of ${paths[0]} and others`, () => {
    const wanted = parseHubText(spec)
    assert.ok(wanted)
    const found = wanted && chooseFiles(wanted, paths)
    assert.equal(found?.paths, chosen)
    assert.is(found?.split, split)
  })
}

const UNCHOSEN: [spec: string, paths: string[], message: RegExp][] = [
  [
    'a/b:test',
    CONFIGS,
    /^dataset a\/b: has split test in several configurations, got wikitext-103, wikitext-2$/,
  ],
  ['a/b:dev', ['data/test.jsonl'], /^dataset a\/b: has no split dev, got test$/],
  [
    'a/b:x/test/text',
    CONFIGS.slice(0, 2),
    /has no split x\/test, got wikitext-103\/test, wikitext-103\/train$/,
  ],
  ['a/b', ['README.md'], /has no split test, validation, train, got no data files$/],
]
for (const [spec, paths, message] of UNCHOSEN) {
  test(`${spec}: ${message}`, () => {
    const wanted = parseHubText(spec)
    assert.throws(
      () => wanted && chooseFiles(wanted, paths),
      (error: unknown) => error instanceof Failure && message.test(error.message),
    )
  })
}

test('a dataset of the Hub: one split of one configuration is fetched, and found again without a network', async () => {
  const files = {
    'raw/test-00000-of-00001.jsonl': bytes('{"text": "first"}\n{"text": ""}\n'),
    'raw/train-00000-of-00001.jsonl': bytes('{"text": "training"}\n'),
    'plain/test-00000-of-00001.jsonl': bytes('{"page": "other"}\n'),
  }
  const hub = await startHub([{ type: 'dataset', name: 'someone/books', commit: COMMIT, files }])
  const cacheFolder = mkdtempSync(join(tmpdir(), 'asp-hub-'))
  try {
    const settings = { endpoint: hub.url, cacheFolder, token: undefined, offline: false }
    const options = { settings, retry: quick([]) }
    const { text, sources } = await readText(['someone/books:raw/test/text'], options)
    assert.is(text, 'first\n\n')
    const sha = sha256(files['raw/test-00000-of-00001.jsonl'])
    const source = { kind: 'hub', source: 'someone/books', revision: COMMIT, split: 'raw/test', documents: 2 }
    assert.equal(sources, [{ ...source, sha256: sha }])
    assert.is(hub.requests.filter((line) => line.includes('/resolve/')).length, 1)
    const ambiguous = await failureOf(readText(['someone/books'], options))
    assert.match(ambiguous.message, /has split test in several configurations, got plain, raw$/)
    assert.match(ambiguous.hint ?? '', 'someone/books:plain/test/text')
    const offline = { ...options, settings: { ...settings, offline: true } }
    assert.is((await readText(['someone/books:raw/test/text'], offline)).text, 'first\n\n')
    assert.match((await failureOf(readText(['someone/other'], offline))).message, /lacks data files$/)
    assert.match(
      (await failureOf(readText(['someone/books:plain/test/page'], offline))).message,
      /no split plain\/test/,
    )
    assert.is((await readText(['someone/books:plain/test/page'], options)).text, 'other')
  } finally {
    await hub.close()
    rmSync(cacheFolder, { recursive: true, force: true })
  }
})

test.run()
