/** docs/suites.md does what it says: its files and its commands, as a person would type them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readLocal } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { withShots } from '../../src/suites/fewshot.js'
import { selectSuites } from '../../src/suites/groups.js'
import { asp, workFolder } from '../commands/asp.js'

const doc = readFileSync(new URL('../../docs/suites.md', import.meta.url), 'utf8')
const block = (language: string): string =>
  doc.match(new RegExp(`\n\`\`\`${language}\n([^]*?)\`\`\``))?.[1] ?? ''
const folder = workFolder()
const path = join(folder, 'capitals.json')
writeFileSync(join(folder, 'capitals.jsonl'), block('jsonl'))
writeFileSync(path, block('json'))

const test = suite('docs/suites.md')

test('the worked example asks what the text says', async () => {
  const [capitals] = selectSuites([path]).suites
  const documents = loadExamples(capitals, (await readLocal(capitals, capitals.dataset.path ?? '')).rows)
  assert.equal(
    documents[0].pairs.map(({ context, continuation }) => context + continuation),
    ['Lyon', 'Paris', 'Nice'].map((city) => `The capital of France is ${city}`),
  )
  assert.is(documents[0].gold, 1)
  const [{ pairs }] = withShots(capitals, documents, {
    count: 2,
    seed: 1234,
    pool: documents,
    isOwnSplit: true,
  })
  assert.match(
    pairs[0].context,
    /^(The capital of (Japan is Tokyo|Kenya is Nairobi|Peru is Lima)\n\n){2}The capital of France is$/,
  )
})

const commands = block('sh').trim().split('\n')
for (const [i, command] of commands.entries())
  test(command, async () => {
    const typed = command.split(/ (?=(?:[^']*'[^']*')*[^']*$)/).map((word) => word.replaceAll("'", ''))
    assert.is(typed.shift(), 'asp')
    const { status, stdout, stderr } = await asp(folder, [...typed, '--json', '--quiet', '--device', 'cpu'])
    assert.is(status, 0, stderr)
    const record = JSON.parse(stdout)
    assert.is(record.results.capitals.sample_len, [4, 4, 2][i])
    assert.is(record['n-shot'].capitals, [0, 2, 0][i])
  })

test('the error it shows is the error', async () => {
  writeFileSync(path, block('json').replace('{country}', '{contry}'))
  const { status, stderr } = await asp(folder, ['eval', './capitals.json'])
  assert.is(status, 2)
  assert.is(stderr.trim(), doc.match(/^error: .*$/m)?.[0])
})

test.run()
