/** Pages of docs/ that scripts make from the records in results/ are what those records say now. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))

const test = suite('docs from records')

const printedBy = (script: string, ...more: string[]): string =>
  execFileSync(process.execPath, ['--import', 'tsx', `scripts/${script}.ts`, ...more], {
    cwd: root,
    encoding: 'utf8',
  })

for (const page of ['equal-footing', 'recall', 'recipe']) {
  test(`docs/${page}.md`, () => {
    const made = printedBy(page)
    assert.fixture(readFileSync(`${root}docs/${page}.md`, 'utf8'), made)
  })
}

test('README.md, what pruning costs', () => {
  const [, table] =
    /<!-- table: scripts\/equal-footing.ts --readme -->\n\n([\s\S]*?)\n<!-- end -->/.exec(
      readFileSync(`${root}README.md`, 'utf8'),
    ) ?? []
  assert.fixture(table ?? 'no table', printedBy('equal-footing', '--readme'))
})

test.run()
