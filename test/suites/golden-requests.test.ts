import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { buildRequests } from '../../src/suites/build-requests.js'
import { readLocal } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { loadSuite } from '../../src/suites/suite.js'

interface GoldenRequest {
  suite: string
  idx: number
  choice: number
  /** 0 where there is nothing to choose. */
  gold: number
  context: string
  continuation: string
  context_ids: number[]
  continuation_ids: number[]
}

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url))
const golden = readFileSync(fixture('golden/tiny/requests.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line): GoldenRequest => JSON.parse(line))

const test = suite('requests equal those of the golden run')
const tokenizer = await loadTokenizer(fileURLToPath(new URL('../../models/asp-tiny', import.meta.url)), 8192)

for (const name of new Set(golden.map((request) => request.suite)))
  test(name, async () => {
    const asked = loadSuite(name)
    const { rows } = await readLocal(asked, fixture(`suites/rows/${name}.jsonl`))
    const built = loadExamples(asked, rows).flatMap((example) =>
      buildRequests(asked, example, tokenizer, 1024).map((request) => {
        const contextLength = request.input.length - request.targets.length + 1
        return {
          idx: example.docId,
          choice: request.index,
          gold: example.gold ?? 0,
          context: request.context,
          continuation: request.continuation,
          context_ids: [...request.input.subarray(0, contextLength)],
          continuation_ids: [...request.targets],
          fed: [...request.input],
        }
      }),
    )
    const expected = golden.filter((request) => request.suite === name)
    assert.is(built.length, expected.length)
    for (const [i, want] of expected.entries()) {
      const { fed, ...got } = built[i]
      const { idx, choice, gold, context, continuation, context_ids, continuation_ids } = want
      assert.equal(got, { idx, choice, gold, context, continuation, context_ids, continuation_ids })
      assert.equal(fed, [...context_ids, ...continuation_ids].slice(0, -1))
    }
  })

test.run()
