/** Records of sweeps validate, and what none has is refused. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RootSchema } from '../schema-walk.js'
import { sweepRecord } from '../sweep-fixture.js'

const read = (name: string): RootSchema =>
  JSON.parse(
    readFileSync(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as RootSchema
const schema = read('asp.sweep-1')
const result = read('asp.result-1')
const ajv = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true })
for (const part of [result, read('asp.ppl-1'), read('asp.bench-1')]) ajv.addSchema(part)
const validate = ajv.compile(schema)

const whole = sweepRecord()
const records = {
  'all parts': whole,
  'just begun': sweepRecord({
    status: 'incomplete',
    cells: whole.cells.map((cell) => ({
      ...cell,
      eval: null,
      refused: [{ part: 'bench' as const, reason: 'it removes at most 0.7 of these requests' }],
    })),
    ppl: null,
    bench: null,
    frontiers: [],
  }),
  'costs of the requests': sweepRecord({
    frontiers: whole.frontiers.map((one) => ({ ...one, ctx: null, cache_source: 'requests' })),
  }),
}

const test = suite('sweep record schema')

for (const [name, record] of Object.entries(records)) {
  test(`accepts a record: ${name}`, () => {
    validate(JSON.parse(JSON.stringify(record)))
    assert.equal(validate.errors ?? [], [])
  })
}

const refused: [string, (string | number)[], unknown][] = [
  ['another version', ['schema'], 'asp.sweep/2'],
  ['no identity', ['identity'], undefined],
  ['a field nobody described', ['note'], 'hello'],
  ['a policy without a name', ['cells', 1, 'policy'], null],
  ['a record inside that is none', ['cells', 1, 'eval', 'results'], undefined],
  ['a perplexity that is none', ['ppl', 'schema'], 'asp.result/1'],
  ['a share above one', ['cells', 1, 'sparsity'], 1.2],
  ['an objective nobody knows', ['frontiers', 0, 'objectives', 0], 'beauty'],
  ['a point without a verdict', ['frontiers', 0, 'points', 0, 'on_frontier'], undefined],
]
for (const [name, at, value] of refused) {
  test(`refuses ${name}`, () => {
    const copy = JSON.parse(JSON.stringify(whole)) as Record<string, unknown>
    let parent = copy
    for (const key of at.slice(0, -1)) parent = parent[key] as Record<string, unknown>
    const last = String(at.at(-1))
    if (value === undefined) delete parent[last]
    else parent[last] = value
    assert.is(validate(copy), false)
  })
}

test.run()
