/**
 * Ten kinds of tokenizer under every option of their files, and each part of tokenizer.json: the ids of transformers 5
 * (scripts/make-tokenizer-cases.py; docs/tokenizers.md).
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer, type Tokenizer } from '../../src/data/tokenizer.js'

const FIXTURES = join(import.meta.dirname, '../fixtures')

type Json = Record<string, unknown>
type Files = Record<string, Json | string | null>
type Rows = Record<string, number[]>

interface Kind {
  texts: string[]
  files: Files
  bare: number[][]
  cases: { option: string; changes: Files; prefix: number; size: number; bare: Rows; full: Rows }[]
}

interface Parts {
  texts: string[]
  bare: Record<string, number[][]>
  cases: { kind: string; part: string; change: Json; bare: Rows }[]
}

/** Changes of these two replace keys; null takes a file away. */
const IN_PARTS = ['tokenizer.json', 'tokenizer_config.json']

async function loaded(files: Files, changes: Files, size: number): Promise<Tokenizer> {
  const folder = await mkdtemp(join(tmpdir(), 'asp-tokenizer-case-'))
  try {
    for (const name of new Set([...Object.keys(files), ...Object.keys(changes)])) {
      const change = changes[name]
      if (change === null) continue
      const base = files[name]
      const isPart = IN_PARTS.includes(name) && typeof base === 'object' && typeof change === 'object'
      const content = isPart ? { ...base, ...change } : (change ?? base)
      await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
    }
    return await loadTokenizer(folder, size)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const names = (await readdir(join(FIXTURES, 'tokenizers'))).map((file) => file.replace('.json', ''))
const kinds = new Map<string, Kind>()
for (const name of names) {
  kinds.set(name, JSON.parse(await readFile(join(FIXTURES, 'tokenizers', `${name}.json`), 'utf8')))
}
const table = suite('tokenizer cases')

for (const [name, { texts, files, bare: saved, cases }] of kinds) {
  for (const { option, changes, prefix, size, bare, full } of cases) {
    table(`${name}: ${option}`, async () => {
      const tokenizer = await loaded(files, changes, size)
      assert.is(tokenizer.prefixToken, prefix)
      assert.is(tokenizer.vocabSize, size)
      for (const [i, text] of texts.entries()) {
        const expected = bare[i] ?? saved[i]
        assert.equal([...tokenizer.encodeBare(text)], expected, `bare ${JSON.stringify(text)}`)
        assert.equal([...tokenizer.encode(text)], full[i] ?? expected, JSON.stringify(text))
        const { before, after } = tokenizer.around(text)
        assert.is(before + expected.length + after, (full[i] ?? expected).length)
      }
    })
  }
}

const parts: Parts = JSON.parse(await readFile(join(FIXTURES, 'tokenizer/parts.json'), 'utf8'))
for (const { kind, part, change, bare } of parts.cases) {
  table(`${kind}: ${part}`, async () => {
    const { files } = kinds.get(kind) as Kind
    const { model } = files['tokenizer.json'] as Json
    const changes = {
      'tokenizer.json': { ...change, model: { ...(model as Json), ...(change.model as Json) } },
    }
    const tokenizer = await loaded(files, changes, Number.POSITIVE_INFINITY)
    for (const [i, text] of parts.texts.entries()) {
      assert.equal([...tokenizer.encodeBare(text)], bare[i] ?? parts.bare[kind][i], JSON.stringify(text))
    }
  })
}

table('the table of docs/tokenizers.md has these cells and no others', async () => {
  const docs = await readFile(join(import.meta.dirname, '../../docs/tokenizers.md'), 'utf8')
  const rows = docs.split('\n').filter((line) => line.startsWith('| '))
  const head = rows.findIndex((line) => names.every((name) => line.includes(name)))
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const columns = cells(rows[head]).slice(1)
  assert.equal(columns.toSorted(), names.toSorted())
  const told = rows.slice(head + 2).flatMap((line) => {
    const [option, ...marks] = cells(line)
    return marks.flatMap((mark, i) => (mark === '=' ? [`${columns[i]}: ${option.replaceAll('`', '')}`] : []))
  })
  const tested = [...kinds].flatMap(([name, { cases }]) => cases.map(({ option }) => `${name}: ${option}`))
  assert.equal(told.toSorted(), tested.toSorted())
})

table.run()
