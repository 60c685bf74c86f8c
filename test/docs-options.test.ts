/** The tables of options in docs/finetune.md say what src/train/options.ts says. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { gpt2Plan } from '../scripts/gpt2-plan.js'
import { withTables } from '../scripts/option-tables.js'
import { OPTION_GROUPS } from '../src/train/options.js'

const page = readFileSync(new URL('../docs/finetune.md', import.meta.url), 'utf8')

const test = suite('docs of options')

test('every group has its table', () => {
  const marked = [...page.matchAll(/<!-- options: (\w+) -->/g)].map(([, group]) => group)
  assert.equal(marked, [...Object.keys(OPTION_GROUPS), 'model'])
})

test('the tables are those of now (node --import tsx scripts/option-tables.ts)', () => {
  assert.fixture(page, withTables(page))
})

test('memory and work of the released sizes are those of now (node --import tsx scripts/gpt2-plan.ts)', () => {
  assert.ok(page.includes(`<!-- gpt2 plan -->\n\n${gpt2Plan()}\n\n<!-- end -->`))
})

test.run()
