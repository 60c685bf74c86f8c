/** Records of perplexity validate, what none has is refused, and runs over the same windows have one identity. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildPplRecord } from '../../../src/record/ppl/build.js'
import { contextParts, pplParts, RULES, SIZED_RULES } from '../ppl-fixture.js'
import type { RootSchema } from '../schema-walk.js'

const read = (name: string): RootSchema =>
  JSON.parse(
    readFileSync(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as RootSchema
const schema = read('asp.ppl-1')
const validate = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true }).compile(schema)

const stopped = RULES.map((rule) => ({ ...rule, scores: rule.scores.slice(0, 1) }))
const records = {
  'dense, step and soft': buildPplRecord(pplParts()),
  'two lengths, strided': buildPplRecord(
    pplParts({ contexts: [contextParts({ stride: 4 }), contextParts({ ctx: 16 })] }),
  ),
  'a policy of a size': buildPplRecord(
    pplParts({
      policy: { name: 'local', propagate_in_depth: null },
      contexts: [contextParts({ rules: SIZED_RULES })],
    }),
  ),
  'dense only': buildPplRecord(
    pplParts({
      policy: { name: 'dense', propagate_in_depth: null },
      contexts: [contextParts({ rules: RULES.slice(0, 1) })],
      limit: null,
    }),
  ),
  'stopped after a window': buildPplRecord(
    pplParts({
      status: 'incomplete',
      contexts: [contextParts({ rules: stopped }), contextParts({ rules: [] })],
    }),
  ),
  'stopped before the first': buildPplRecord(
    pplParts({ status: 'incomplete', contexts: [contextParts({ rules: [] })] }),
  ),
  'no word, no clock': buildPplRecord(
    pplParts({
      contexts: [
        contextParts({ amount: { words: 0, bytes: 10 }, seconds: { calibrate: 0, score: 0, adapter: null } }),
      ],
    }),
  ),
}

const test = suite('ppl record schema')

for (const [name, record] of Object.entries(records)) {
  test(`accepts a record: ${name}`, () => {
    validate(JSON.parse(JSON.stringify(record)))
    assert.equal(validate.errors ?? [], [])
  })
}

const refused: [string, (string | number)[], unknown][] = [
  ['another version', ['schema'], 'asp.ppl/2'],
  ['no identity', ['identity'], undefined],
  ['a field nobody described', ['note'], 'hello'],
  ['a rule nobody knows', ['contexts', 0, 'rules', 1, 'rule'], 'window'],
  ['a share above one', ['contexts', 0, 'rules', 1, 'sparsity', 'achieved'], 1.2],
  ['no loss', ['contexts', 0, 'rules', 0, 'nll'], null],
  ['samples that are no list', ['contexts', 0, 'rules', 0, 'samples', 'nll'], 4],
  ['a hash that is none', ['text', 'sha256'], 'abc'],
  ['an unknown protocol', ['protocol', 'name'], 'rolling'],
]
for (const [name, at, value] of refused) {
  test(`refuses ${name}`, () => {
    const copy = JSON.parse(JSON.stringify(records['dense, step and soft'])) as Record<string, unknown>
    let parent = copy
    for (const key of at.slice(0, -1)) parent = parent[key] as Record<string, unknown>
    const last = String(at.at(-1))
    if (value === undefined) delete parent[last]
    else parent[last] = value
    assert.is(validate(copy), false)
  })
}

test('runs over the same windows have one identity, others do not', () => {
  const { identity } = records['dense, step and soft']
  const same = [
    pplParts({ seed: 1, batchTokens: 512, command: [] }),
    pplParts({ contexts: [contextParts({ rules: RULES.slice(0, 1) })] }),
    pplParts({ status: 'incomplete', contexts: [contextParts({ rules: stopped })] }),
  ]
  for (const parts of same) assert.is(buildPplRecord(parts).identity, identity)
  const { text, model, protocol } = pplParts()
  const [source] = text.sources
  const others = [
    pplParts({ contexts: [contextParts({ windows: contextParts().windows.slice(1), rules: stopped })] }),
    pplParts({ text: { ...text, sources: [{ ...source, sha256: 'b'.repeat(64) }] } }),
    pplParts({ model: { ...model, sha256: 'c'.repeat(64) } }),
    pplParts({ protocol: { ...protocol, name: 'strided' } }),
  ]
  for (const parts of others) assert.is.not(buildPplRecord(parts).identity, identity)
})

test.run()
