/** Ten kinds of tokenizer under every option of their files: the ids of transformers 5 (scripts/make-tokenizer-cases.py; docs/tokenizers.md). */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'

const FIXTURES = join(import.meta.dirname, '../fixtures/tokenizers')

type Files = Record<string, Record<string, unknown> | string | null>
type Rows = Record<string, number[]>

interface Kind {
  texts: string[]
  files: Files
  bare: number[][]
  cases: { option: string; changes: Files; prefix: number; size: number; bare: Rows; full: Rows }[]
}

/** Changes of these two replace keys; null takes a file away. */
const IN_PARTS = ['tokenizer.json', 'tokenizer_config.json']

async function written(files: Files, changes: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'asp-tokenizer-case-'))
  for (const name of new Set([...Object.keys(files), ...Object.keys(changes)])) {
    const change = changes[name]
    if (change === null) continue
    const base = files[name]
    const isPart = IN_PARTS.includes(name) && typeof base === 'object' && typeof change === 'object'
    const content = isPart ? { ...base, ...change } : (change ?? base)
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

const kinds = await readdir(FIXTURES)
const table = suite('tokenizer cases')

table('ten kinds', () => {
  assert.is(kinds.length, 10)
})

for (const file of kinds) {
  const kind: Kind = JSON.parse(await readFile(join(FIXTURES, file), 'utf8'))
  for (const { option, changes, prefix, size, bare, full } of kind.cases) {
    table(`${file.replace('.json', '')}: ${option}`, async () => {
      const folder = await written(kind.files, changes)
      try {
        const tokenizer = await loadTokenizer(folder, size)
        assert.is(tokenizer.prefixToken, prefix)
        assert.is(tokenizer.vocabSize, size)
        for (const [i, text] of kind.texts.entries()) {
          const expected = bare[i] ?? kind.bare[i]
          assert.equal([...tokenizer.encodeBare(text)], expected, `bare ${JSON.stringify(text)}`)
          assert.equal([...tokenizer.encode(text)], full[i] ?? expected, JSON.stringify(text))
        }
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  }
}

table.run()
