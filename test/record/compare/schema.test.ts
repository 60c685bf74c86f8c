/** Records of comparisons validate, and what none has is refused. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../../src/compare/compare.js'
import { answers, choiceTask, evalRecord, range, textTask } from '../../compare/records.js'
import type { RootSchema } from '../schema-walk.js'

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

test.run()
