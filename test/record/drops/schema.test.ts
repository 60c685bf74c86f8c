/** Records of drops validate, and what none has is refused. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dropsRecord } from '../drops-fixture.js'
import type { RootSchema } from '../schema-walk.js'

const read = (name: string): RootSchema =>
  JSON.parse(
    readFileSync(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as RootSchema
const schema = read('asp.drops-1')
const validate = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true }).compile(schema)

const records = {
  'a text': dropsRecord(),
  "a suite's item": dropsRecord(undefined, undefined, {
    text: {
      kind: 'suite',
      source: 'piqa',
      item: { document: 3, request: 1, data: 'bundled sample, 200 of 1838' },
      tokens: 7,
    },
  }),
  'a window': dropsRecord(undefined, undefined, {
    cause: 'position',
    policy: { name: 'local', parameters: { window: 3 }, threshold_shift: null, calibration: null },
  }),
}

const test = suite('drops record schema')

for (const [name, record] of Object.entries(records)) {
  test(`accepts a record: ${name}`, () => {
    validate(JSON.parse(JSON.stringify(record)))
    assert.equal(validate.errors ?? [], [])
  })
}

const refused: [string, (record: ReturnType<typeof dropsRecord>) => unknown][] = [
  ['another version', (record) => ({ ...record, schema: 'asp.drops/2' })],
  ['a field nobody described', (record) => ({ ...record, note: 'hello' })],
  ['a token killed by itself at 0', (record) => ({ ...record, deaths: [[0, null]] })],
  ['a cause nobody knows', (record) => ({ ...record, cause: 'boredom' })],
  ['a token without its text', (record) => ({ ...record, tokens: [{ id: 1 }, { id: 2 }] })],
  ['a text of one token', (record) => ({ ...record, tokens: record.tokens.slice(0, 1) })],
]
for (const [name, change] of refused) {
  test(`refuses ${name}`, () => {
    assert.is(validate(JSON.parse(JSON.stringify(change(dropsRecord())))), false)
  })
}

test.run()
