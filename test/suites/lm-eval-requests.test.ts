/** Requests of the bundled samples, with and without examples, equal those lm-eval itself builds from the same rows. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSample } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { withShots } from '../../src/suites/fewshot.js'
import { requestsHash } from '../../src/suites/identity.js'
import { loadSuite } from '../../src/suites/suite.js'

interface Built {
  requests: number
  sha256: string
}

const fixture = new URL('../fixtures/suites/lm-eval-requests.json', import.meta.url)
const golden: { suites: Record<string, Record<string, Built>> } = JSON.parse(readFileSync(fixture, 'utf8'))

const test = suite('requests as lm-eval builds them')

for (const [name, byShots] of Object.entries(golden.suites))
  test(`${name}, ${Object.keys(byShots).join(', ')} examples`, async () => {
    const asked = loadSuite(name)
    const documents = loadExamples(asked, (await readSample(asked)).rows)
    for (const [shots, { requests, sha256 }] of Object.entries(byShots)) {
      const built = withShots(asked, documents, {
        count: Number(shots),
        seed: 1234,
        pool: documents,
        // Where it draws from another split, the documents stand for that one.
        isOwnSplit: asked.dataset.fewshot?.split === asked.dataset.split,
      })
      assert.is(built.flatMap(({ pairs }) => pairs).length, requests)
      assert.is(requestsHash(asked, built), sha256, `${shots} examples`)
    }
  })

test.run()
