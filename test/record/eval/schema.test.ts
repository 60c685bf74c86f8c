/** Records of evaluations validate, and what none has is refused. */
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord } from '../../../src/record/eval/build.js'
import { hellaswag, recordParts, wikitext } from '../fixture.js'
import type { RootSchema } from '../schema-walk.js'

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/asp.result-1.schema.json', import.meta.url), 'utf8'),
) as RootSchema
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
  ['a policy without a name', ['policy', 'name'], null],
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

test.run()
