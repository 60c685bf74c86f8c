/** Commands and policies are in the pages that list them. */
import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { POLICY_NAMES } from '../src/pruning/level.js'

const page = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const test = suite('names in docs')

test('every command has a row in README.md', () => {
  const commands = readdirSync(new URL('../src/commands/', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name.replace(/\.ts$/, ''))
  const rows = page('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `asp '))
  assert.ok(commands.length > 10)
  const lacking = commands.filter((name) => !rows.some((row) => row.split('|')[1].includes(`\`asp ${name}`)))
  assert.equal(lacking, [])
})

test('every policy has a row in docs/policies.md and docs/method.md, and is in README.md', () => {
  for (const policy of POLICY_NAMES) {
    assert.match(page('README.md'), new RegExp(`\`${policy}\``))
    if (policy === 'dense' || policy === 'adaptive') continue
    assert.match(page('docs/policies.md'), new RegExp(`^\\| \`${policy}\` \\|`, 'm'))
    assert.match(page('docs/method.md'), new RegExp(`^\\| ${policy}\\b.* \\|`, 'm'))
  }
})

test.run()
