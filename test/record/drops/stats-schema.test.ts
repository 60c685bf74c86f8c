/** The TypeScript types of a record of drop statistics and its JSON Schema say the same; see schema.test.ts. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEATH_CAUSES } from '../../../src/record/drops/schema.js'
import { DIMENSION_NAMES } from '../../../src/record/names.js'
import { patternRun, statsRecord, statsRun } from '../drop-stats-fixture.js'
import { type RootSchema, schemaFaults } from '../schema-walk.js'

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

test('every object of the schema is closed, requires all its properties, and describes each', () => {
  assert.equal(schemaFaults(schema), [])
})

test('the schema lists the same words as the types', () => {
  const { $defs } = schema
  assert.equal($defs.dimension.properties?.name.enum, [...DIMENSION_NAMES])
  assert.equal($defs.run.properties?.cause.enum, [...DEATH_CAUSES])
})

test('what it has in common with other records is the same', () => {
  const result = read('asp.result-1')
  for (const name of ['model', 'policy', 'environment', 'count', 'share', 'sha256']) {
    assert.equal(schema.$defs[name], result.$defs[name], name)
  }
  assert.equal(schema.$defs.source, read('asp.ppl-1').$defs.source)
})

test.run()
