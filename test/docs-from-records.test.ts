/** Pages of docs/ that scripts make from the records in results/ are what those records say now. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))

const test = suite('docs from records')

for (const page of ['equal-footing', 'recall', 'recipe', 'rivals']) {
  test(`docs/${page}.md`, () => {
    const made = execFileSync(process.execPath, ['--import', 'tsx', `scripts/${page}.ts`], {
      cwd: root,
      encoding: 'utf8',
    })
    assert.fixture(readFileSync(`${root}docs/${page}.md`, 'utf8'), made)
  })
}

test.run()
