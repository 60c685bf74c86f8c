/**
 * Made suites/samples/*.jsonl, once, from folders of half splits: an even spread over each file, the rows' `idx` kept.
 *
 *     node --import tsx scripts/make-samples.ts <folder with hellaswag/, piqa/, ..., wikitext-2/>
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRows } from '../src/data/rows.js'
import { ADAPTATIONS } from '../src/suites/adaptations.js'
import { loadSuite, SUITES } from '../src/suites/suite.js'
import { wikitextPages } from '../src/suites/wikitext.js'

const ITEMS = 200
/** Chosen by hand, from under one window to seven: 22.5 k tokens of the bundled tokenizer. */
const WIKITEXT_PAGES = [0, 1, 4, 9, 12, 14, 18, 21, 29]
const SOURCES = {
  arc_challenge: 'arc_challenge/test.jsonl',
  arc_easy: 'arc_easy/test.jsonl',
  boolq: 'boolq/validation.jsonl',
  commonsense_qa: 'commonsense_qa/validation.jsonl',
  copa: 'copa/validation.jsonl',
  hellaswag: 'hellaswag/validation.jsonl',
  lambada_openai: 'lambada_openai/test.jsonl',
  openbookqa: 'openbookqa/test.jsonl',
  piqa: 'piqa/validation.jsonl',
  rte: 'rte/validation.jsonl',
  sciq: 'sciq/validation.jsonl',
  social_iqa: 'social_i_qa/validation.jsonl',
  winograd_wsc273: 'winograd_wsc273/test.jsonl',
  winogrande: 'winogrande/validation_xl.jsonl',
}

const [folder] = process.argv.slice(2)
for (const [name, file] of Object.entries(SOURCES)) {
  const { columns, adapt } = loadSuite(name).dataset
  const { rows } = await readRows([join(folder, file)], { columns, adapt: adapt && ADAPTATIONS[adapt] })
  const items = Math.min(ITEMS, rows.length)
  const spread = Array.from({ length: items }, (_, i) => rows[Math.floor((i * rows.length) / items)].value)
  write(
    name,
    spread.map((row) => Object.fromEntries(['idx', ...Object.keys(columns)].map((key) => [key, row[key]]))),
  )
}
const pages = wikitextPages(readFileSync(join(folder, 'wikitext-2/wiki.test.part1.raw.txt'), 'utf8'))
write(
  'wikitext',
  WIKITEXT_PAGES.map((idx) => ({ idx, page: pages[idx].value.page })),
)

function write(name: string, rows: readonly object[]): void {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  writeFileSync(join(SUITES, 'samples', `${name}.jsonl`), text)
}
