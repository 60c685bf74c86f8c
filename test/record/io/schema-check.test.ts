/** The check of records against schemas/ refuses what ajv refuses, and says where. */
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { schemaFile } from '../../../src/record/io/json-schemas.js'
import { type JsonSchema, schemaFault } from '../../../src/record/io/schema-check.js'
import { RECORDS } from '../../report/records-fixture.js'

const FOLDER = new URL('../../../schemas/', import.meta.url)
const files: Record<string, JsonSchema> = Object.fromEntries(
  readdirSync(FOLDER).map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))]),
)
const ajv = new Ajv2020({ strictTypes: false, allowUnionTypes: true })
for (const schema of Object.values(files)) ajv.addSchema(schema)

const CASES = Object.entries(RECORDS).flatMap(([file, record]) =>
  record.schema === 'asp.train-log/1'
    ? []
    : [{ file, name: schemaFile(record.schema), record: JSON.parse(JSON.stringify(record)) as object }],
)

/** Every place of a value, outermost first. */
function places(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...places(holder[key])])
}

const test = suite('schema check')

test('whole records pass', () => {
  for (const { file, name, record } of CASES) assert.is(schemaFault(files, name, record), null, file)
})

test('a record with one thing changed is refused where ajv refuses it', () => {
  const changes: unknown[] = [undefined, null, 'x', -1, 1.5, [], {}]
  let refused = 0
  for (const { file, name, record } of CASES) {
    const validate = ajv.getSchema(name)
    assert.ok(validate)
    const all = places(record)
    // Some dozen places of each record are enough, spread over all of it.
    const stride = Math.ceil(all.length / 40)
    for (const [i, { holder, key }] of all.entries()) {
      if (i % stride !== 0) continue
      const kept = holder[key]
      for (const change of changes) {
        if (change === undefined && Array.isArray(holder)) continue
        if (change === undefined) delete holder[key]
        else holder[key] = change
        const fault = schemaFault(files, name, record)
        assert.is(
          fault === null,
          validate(record),
          `${file} ${key} ${JSON.stringify(change)}: ${JSON.stringify(fault)}`,
        )
        if (fault !== null) refused += 1
      }
      holder[key] = kept
    }
  }
  assert.ok(refused > 500, `${refused} refused`)
})

test('knows every keyword that the schemas use', () => {
  const known = [
    '$schema $id $ref $defs title description type const enum anyOf oneOf minimum maximum exclusiveMinimum exclusiveMaximum',
    'required properties patternProperties additionalProperties items minItems maxItems pattern minLength',
  ].flatMap((names) => names.split(' '))
  const used = new Set<string>()
  const visit = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    for (const [key, value] of Object.entries(schema)) {
      used.add(key)
      // Under these stand names of properties, not keywords.
      const named = ['properties', 'patternProperties', '$defs'].includes(key)
      if (key === 'enum' || key === 'const' || key === 'required') continue
      for (const inner of named || Array.isArray(value) ? Object.values(value) : [value]) visit(inner)
    }
  }
  for (const schema of Object.values(files)) visit(schema)
  assert.equal(
    [...used].filter((key) => !known.includes(key)),
    [],
  )
})

test('says where, and what was expected', () => {
  const record = structuredClone(RECORDS['ppl.json'])
  const fault = (): unknown => schemaFault(files, 'asp.ppl-1.schema.json', record)
  record.contexts[0].rules[1].nll = 'x' as unknown as number
  assert.equal(fault(), { path: 'contexts[0].rules[1].nll', wrong: 'must be number, got "x"' })
  Reflect.deleteProperty(record.contexts[0].rules[0], 'kl')
  assert.equal(fault(), { path: 'contexts[0].rules[0].kl', wrong: 'is missing' })
  record.status = 'done' as 'complete'
  assert.equal(fault(), { path: 'status', wrong: 'must be one of "complete", "incomplete", got "done"' })
})

test('what a newer asp may have added is let through', () => {
  const record = { ...RECORDS['dense.json'], news: 1 }
  assert.is(schemaFault(files, 'asp.result-1.schema.json', record), null)
})

test.run()
