/** Rows of data in every format, read as the items of a suite and as texts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { readText } from '../../../src/data/text.js'
import { readLocal } from '../../../src/suites/dataset.js'
import { loadExamples } from '../../../src/suites/example.js'
import { loadSuite } from '../../../src/suites/suite.js'
import type { Form } from '../mutate.js'
import type { Case, Target } from '../target.js'

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/suites/', import.meta.url))
const fixture = (name: string): Buffer => readFileSync(join(FIXTURES, name))

const ROWS = fixture('rows/piqa.jsonl').toString('utf8').trim().split('\n').slice(0, 6)

/** The same as a table of text. */
function table(separator: string): string {
  const rows: Record<string, unknown>[] = ROWS.map((row) => JSON.parse(row))
  const names = Object.keys(rows[0])
  const cell = (value: unknown): string => `"${String(value).replaceAll('"', '""')}"`
  const lines = rows.map((row) => names.map((name) => cell(row[name])).join(separator))
  return `${[names.join(separator), ...lines].join('\n')}\n`
}

const TEXT = `${ROWS.join('\n')}\n`

const FILES: readonly [name: string, content: string | Buffer, form: Form][] = [
  ['piqa.jsonl', TEXT, 'jsonl'],
  ['piqa.json', `[${ROWS.join(',')}]`, 'json'],
  ['piqa.jsonl.gz', gzipSync(TEXT), 'gzip'],
  ['piqa.csv', table(','), 'text'],
  ['piqa.csv.gz', gzipSync(table(',')), 'gzip'],
  ['piqa.tsv', table('\t'), 'text'],
]
const CASES = FILES.map(
  ([changed, content, form]): Case => ({ files: { [changed]: content }, changed, form }),
)

const items = (format: string, suite: string, only: Case): Target => ({
  name: `rows: items of a suite, ${format}`,
  cases: () => [only],
  async read(folder, changed) {
    const known = loadSuite(suite)
    const { rows } = await readLocal(known, join(folder, changed))
    loadExamples(known, rows)
  },
})

const parquet = (suite: string, changed: string): Target =>
  items(`.parquet of ${suite}`, suite, { files: { [changed]: fixture(changed) }, changed, form: 'parquet' })

export const ROW_FILES: readonly Target[] = [
  ...CASES.map((one) => items(one.changed.slice('piqa'.length), 'piqa', one)),
  parquet('piqa', 'piqa-zstd.parquet'),
  parquet('hellaswag', 'validation-00000-of-00001.parquet'),
  {
    name: 'rows: text, every format',
    cases: () => CASES,
    async read(folder, changed) {
      await readText([join(folder, changed)], { column: 'goal' })
    },
  },
]
