/** Other published forms of two datasets; the hashes are lm-eval's own (0.4.13, task wsc273) over the fixture's rows. */
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADAPTATIONS } from '../../src/suites/adaptations.js'
import { readLocal } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { withShots } from '../../src/suites/fewshot.js'
import { requestsHash } from '../../src/suites/identity.js'
import { loadSuite } from '../../src/suites/suite.js'

const test = suite('adapted rows')
const hub = fileURLToPath(new URL('../fixtures/suites/wsc273-hub.jsonl', import.meta.url))

const HASHES: [shots: number, hash: string][] = [
  [0, '450c60acc265b669c710b07683b7d728329090826c240e9f08c6b543a8cb9cdb'],
  [2, 'd246141de78ca43c0c49dc3e1123da0b4fdd635880e04116437f67a9f111d245'],
]
for (const [count, hash] of HASHES)
  test(`wsc273 rows of the Hub, ${count} examples`, async () => {
    const asked = loadSuite('winograd_wsc273')
    const documents = loadExamples(asked, (await readLocal(asked, hub)).rows)
    assert.is(
      requestsHash(
        asked,
        withShots(asked, documents, { count, seed: 1234, pool: documents, isOwnSplit: true }),
      ),
      hash,
    )
  })

const SUFFIXES: [given: string, kept: string][] = [
  ['feared violence.', ' feared violence.'],
  ['"Dibs!" was slow.', ' "Dibs!" was slow.'],
  ['.', '.'],
  [' was fast.', ' was fast.'],
]
for (const [continuation, kept] of SUFFIXES)
  test(`wsc273: '${continuation}' after the pronoun`, () =>
    assert.equal(ADAPTATIONS.wsc273({ continuation }), { continuation: kept }))

test('a wsc273 row of neither form is left to the check of columns', () => {
  assert.equal(ADAPTATIONS.wsc273({ text: 'x' }), { text: 'x' })
})

test('boolq: answer becomes label where there is none', () => {
  assert.equal(ADAPTATIONS.boolq({ answer: true }), { answer: true, label: 1 })
  assert.equal(ADAPTATIONS.boolq({ answer: false }), { answer: false, label: 0 })
  assert.equal(ADAPTATIONS.boolq({ answer: true, label: 0 }), { answer: true, label: 0 })
})

test.run()
