/** The TypeScript types of a comparison and its JSON Schema say the same. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../../src/compare/compare.js'
import * as types from '../../../src/record/compare/schema.js'
import { answers, choiceTask, evalRecord, range, textTask } from '../../compare/records.js'
import { type RootSchema, schemaFaults } from '../schema-walk.js'

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/asp.compare-1.schema.json', import.meta.url), 'utf8'),
) as RootSchema
const validate = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true }).compile(schema)

const test = suite('compare schema')

const base = {
  file: 'a.json',
  record: evalRecord([choiceTask(answers(40, 20)), textTask([-30, -40, -50], [9, 11, 20])]),
}
const other = {
  file: 'b.json',
  record: evalRecord([choiceTask(answers(40, 20, range(0, 9))), textTask([-31, -42, -50], [9, 11, 20])]),
}
const options = { alpha: 0.05, margins: {}, metrics: null, date: new Date(), command: ['asp'] }

test('accepts comparisons with a change and without', () => {
  for (const record of [
    compareRecords(base, [other, base], options),
    compareRecords(base, [base], options),
  ]) {
    validate(JSON.parse(JSON.stringify(record)))
    assert.equal(validate.errors ?? [], [])
  }
})

test('refuses what no comparison has', () => {
  const record = compareRecords(base, [other], options)
  for (const change of [{ verdict: 'fine' }, { tests: -1 }, { extra: 1 }, { alpha: 2 }, { base: {} }])
    assert.is(validate({ ...JSON.parse(JSON.stringify(record)), ...change }), false, JSON.stringify(change))
})

test('every object is closed, requires all its properties, and describes each', () => {
  assert.equal(schemaFaults(schema), [])
})

test('the schema lists the same words as the types', () => {
  const { result, flip } = schema.$defs
  assert.equal(result.properties?.verdict.enum, [...types.VERDICTS])
  assert.equal(result.properties?.scale.enum, [...types.SCALES])
  assert.equal(result.properties?.method.enum, [...types.METHODS])
  assert.equal(result.properties?.margin_source.enum, [...types.MARGIN_SOURCES])
  assert.equal(flip.properties?.kind.enum, ['lost', 'gained'])
})

test.run()
