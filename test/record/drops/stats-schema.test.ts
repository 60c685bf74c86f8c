/** Records of drop statistics validate, and what none has is refused. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patternRun, statsRecord, statsRun } from '../drop-stats-fixture.js'
import type { RootSchema } from '../schema-walk.js'

const read = (name: string): RootSchema =>
  JSON.parse(
    readFileSync(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as RootSchema
const schema = read('asp.drop-stats-1')
const validate = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true }).compile(schema)

const records = {
  'one checkpoint': statsRecord(),
  'two checkpoints, one by position': statsRecord([statsRun(), patternRun()]),
}

const test = suite('drop statistics schema')

for (const [name, record] of Object.entries(records)) {
  test(`accepts a record: ${name}`, () => {
    validate(JSON.parse(JSON.stringify(record)))
    assert.equal(validate.errors ?? [], [])
  })
}

const refused: [string, string[], unknown][] = [
  ['another version', ['schema'], 'asp.drop-stats/2'],
  ['a field nobody described', ['note'], 'hello'],
  ['no run', ['runs'], []],
  ['a dimension nobody knows', ['runs', '0', 'dimensions', '1', 'name'], 'mood'],
  ['a share above 1', ['runs', '0', 'dimensions', '0', 'classes', '0', 'mean', 'end', 'share'], 1.5],
  ['an age of nothing', ['ages'], [0]],
]
for (const [name, at, value] of refused) {
  test(`refuses ${name}`, () => {
    const copy = JSON.parse(JSON.stringify(statsRecord()))
    let parent = copy
    for (const key of at.slice(0, -1)) parent = parent[key]
    parent[String(at.at(-1))] = value
    assert.is(validate(copy), false)
  })
}

test.run()
