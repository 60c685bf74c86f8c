/**
 * The TypeScript types and the JSON Schema say the same: records built from typed parts validate, the schema allows
 * nothing else (additionalProperties), requires exactly what every record has, and lists the same words.
 */
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord } from '../../src/record/build.js'
import * as types from '../../src/record/schema.js'
import { hellaswag, recordParts, wikitext } from './fixture.js'

interface Node {
  description?: string
  $ref?: string
  enum?: unknown[]
  required?: string[]
  properties?: Record<string, Node>
  patternProperties?: Record<string, Node>
  additionalProperties?: boolean | Node
  items?: Node
  anyOf?: Node[]
}
type Schema = Node & { $defs: Record<string, Node> }

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/asp.result-1.schema.json', import.meta.url), 'utf8'),
) as Schema
const validate: ValidateFunction = new Ajv2020({
  allErrors: true,
  strictTypes: false,
  allowUnionTypes: true,
}).compile(schema)

const dense = recordParts({
  status: 'incomplete',
  policy: { name: 'dense', parameters: {}, threshold_shift: null, calibration: null },
  requested: null,
  limit: 0.5,
  tasks: [{ ...hellaswag, documentsScored: 3, metrics: [], samples: 'run.samples.hellaswag.jsonl' }],
})
const records = {
  'one task, calibrated': buildRecord(recordParts()),
  'two tasks': buildRecord(recordParts({ tasks: [hellaswag, wikitext] })),
  'dense, stopped, nothing scored': buildRecord(dense),
  'own data of unknown split': buildRecord(
    recordParts({
      tasks: [{ ...wikitext, data: { ...wikitext.data, kind: 'file', revision: null, total: null } }],
    }),
  ),
  'a shard': buildRecord(recordParts({ shard: { index: 2, count: 3 } })),
  'no task yet': buildRecord(recordParts({ tasks: [] })),
  'infinite metric, no time': buildRecord(
    recordParts({
      seconds: { load: 0, calibrate: 0, score: 0, busy: null, total: 0 },
      tasks: [{ ...wikitext, metrics: [{ name: 'p', value: Infinity, stderr: NaN, higherIsBetter: false }] }],
    }),
  ),
}

const test = suite('record schema')

for (const [name, record] of Object.entries(records)) {
  test(`accepts a record: ${name}`, () => {
    validate(JSON.parse(JSON.stringify(record)))
    assert.equal(validate.errors ?? [], [])
  })
}

/** Sets (or with undefined removes) one field of the first record. */
const refused: [string, string[], unknown][] = [
  ['another version', ['schema'], 'asp.result/2'],
  ['no identity', ['identity'], undefined],
  ['a field nobody described', ['note'], 'hello'],
  ['a nested field nobody described', ['model', 'colour'], 'red'],
  ['a count that is a string', ['tasks', 'hellaswag', 'documents'], '200'],
  ['a negative count', ['tasks', 'hellaswag', 'tokens_run'], -1],
  ['a share above one', ['sparsity', 'achieved'], 1.2],
  ['an unknown status', ['status'], 'done'],
  ['an unknown policy', ['policy', 'name'], 'window'],
  ['a null metric', ['results', 'hellaswag', 'acc,none'], null],
  ['a metric without a filter', ['results', 'hellaswag', 'acc'], 0.5],
  ['a hash that is none', ['model', 'sha256'], 'abc'],
  ['no achieved sparsity', ['tasks', 'hellaswag', 'sparsity', 'achieved'], undefined],
  ['a calibration cut short', ['policy', 'calibration', 'evaluations'], undefined],
  ['words for the command', ['command'], 'asp eval'],
]
for (const [name, at, value] of refused) {
  test(`refuses ${name}`, () => {
    const copy = JSON.parse(JSON.stringify(records['one task, calibrated'])) as Record<string, unknown>
    let parent: Record<string, unknown> = copy
    for (const key of at.slice(0, -1)) parent = parent[key] as Record<string, unknown>
    const last = at.at(-1) ?? ''
    if (value === undefined) delete parent[last]
    else parent[last] = value
    assert.is(validate(copy), false)
  })
}

test('every object of the schema is closed, requires all its properties, and describes each', () => {
  const faults: string[] = []
  for (const [at, node] of objectsOf(schema)) {
    if (node.additionalProperties !== false) faults.push(`${at}: open`)
    const names = Object.keys(node.properties ?? {})
    // The record spells out null instead of leaving a field away, so nothing is optional.
    if (names.toSorted().join() !== (node.required ?? []).toSorted().join()) faults.push(`${at}: required`)
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      if ((property.description ?? resolve(property).description) === undefined)
        faults.push(`${at}/${name}: no description`)
    }
  }
  assert.equal(faults, [])
})

test('the schema lists the same words as the types', () => {
  const words = (...path: string[]): unknown =>
    path.reduce<Node>((node, key) => node.properties?.[key] ?? {}, schema).enum
  const defs = (name: string, key: string): unknown => schema.$defs[name].properties?.[key]?.enum
  assert.equal(words('status'), [...types.STATUSES])
  assert.equal(defs('policy', 'name'), [...types.POLICIES])
  assert.equal(defs('model', 'dtype'), [...types.DTYPES])
  assert.equal(defs('model', 'stored_dtype'), [...types.STORED_DTYPES])
  assert.equal(defs('model', 'source'), [...types.MODEL_SOURCES])
  assert.equal(defs('data', 'kind'), [...types.DATA_KINDS])
  assert.equal(schema.$defs.environment.properties?.adapter?.properties?.kind?.enum, [...types.ADAPTER_KINDS])
})

function resolve(node: Node): Node {
  if (node.$ref === undefined) return node
  const [name, , property] = node.$ref.replace('#/$defs/', '').split('/')
  return (property === undefined ? schema.$defs[name] : schema.$defs[name].properties?.[property]) ?? {}
}

/** Every schema node with named properties, once. */
function objectsOf(root: Schema): [string, Node][] {
  const found: [string, Node][] = []
  const visit = (at: string, node: Node): void => {
    if (node.properties !== undefined) found.push([at, node])
    const children = { ...node.properties, ...node.patternProperties }
    for (const [name, child] of Object.entries(children)) visit(`${at}/${name}`, child)
    if (typeof node.additionalProperties === 'object') visit(`${at}/*`, node.additionalProperties)
    if (node.items !== undefined) visit(`${at}[]`, node.items)
    for (const child of node.anyOf ?? []) visit(at, child)
  }
  visit('', root)
  for (const [name, child] of Object.entries(root.$defs)) visit(name, child)
  return found
}

test.run()
