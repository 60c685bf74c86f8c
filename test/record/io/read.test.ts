/** Records of every kind read back whole, and what is refused in one line that says where and what. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EXIT } from '../../../src/errors.js'
import { readRecord, readRecordIfThere } from '../../../src/record/io/read.js'
import type { Schema } from '../../../src/record/io/records.js'
import { EVAL_SCHEMA, WRITTEN_BY } from '../../../src/record/kinds.js'
import { workFolder } from '../../commands/asp.js'
import { failureOf } from '../../failure.js'
import { RECORDS } from '../../report/records-fixture.js'
import { statsRecord } from '../drop-stats-fixture.js'
import { dropsRecord } from '../drops-fixture.js'
import { logText } from '../train-fixture.js'

const folder = workFolder()
const ALL = Object.keys(WRITTEN_BY) as Schema[]
const LOG = logText(RECORDS['train-log.jsonl'])
const test = suite('read record')

function fileOf(text: string | Buffer): string {
  const file = join(mkdtempSync(join(folder, 'read-')), 'a.json')
  writeFileSync(file, text)
  return file
}

test('a record comes back as it was written, whatever its kind', async () => {
  const records = [...Object.values(RECORDS), dropsRecord(), statsRecord()]
  for (const record of records) {
    const text = record.schema === 'asp.train-log/1' ? logText(record) : JSON.stringify(record)
    assert.equal(await readRecord(fileOf(text), ALL), JSON.parse(JSON.stringify(record)), record.schema)
  }
})

test('a file that is not there is null where that is no fault', async () => {
  assert.is(await readRecordIfThere(join(folder, 'none.json'), ALL), null)
  const failure = await failureOf(readRecord(join(folder, 'none.json'), ALL))
  assert.match(failure.message, /none\.json: cannot be read \(no such file or folder\)$/)
  assert.match(
    (await failureOf(readRecordIfThere(folder, ALL))).message,
    /cannot be read \(it is a folder\)$/,
  )
})

const EVAL = RECORDS['dense.json']
/** The record with a change made to a copy of it. */
function changed(change: (copy: typeof EVAL) => void, record = EVAL): string {
  const copy = structuredClone(record)
  change(copy)
  return JSON.stringify(copy)
}
const [TASK] = Object.keys(EVAL.tasks)
const DOCUMENTS = EVAL.tasks[TASK].per_document.hash.length

const REFUSED: [what: string, text: string | Buffer, message: string][] = [
  ['no JSON', 'hello', 'not JSON'],
  ['a record that was cut short', JSON.stringify(EVAL).slice(0, 300), 'not JSON'],
  ['an empty file', '', 'not JSON'],
  [
    'a byte that is no UTF-8',
    Buffer.from(JSON.stringify(EVAL).replace('"eval"', '"ev\xe9l"'), 'latin1'),
    'not JSON',
  ],
  ['a list', '[1]', 'not a record of asp, which is an object, got array'],
  ['null', 'null', 'not a record of asp, which is an object, got null'],
  ['JSON of others', '{"results":{}}', 'not a record of asp, it has no schema'],
  ['another format', '{"schema":"lm-eval"}', 'not a record of asp, its schema is "lm-eval"'],
  ['a name that every object has', '{"schema":"toString"}', 'not a record of asp, its schema is "toString"'],
  ['another such name', '{"schema":"__proto__"}', 'not a record of asp, its schema is "__proto__"'],
  [
    'a schema that is no name',
    '{"schema":["asp.result/1"]}',
    'not a record of asp, its schema is ["asp.result/1"]',
  ],
  [
    'a log of samples',
    '{"task":"piqa","doc_id":0}\n{"task":"piqa","doc_id":1}\n',
    'not a record but lines of JSON, as logs have them',
  ],
  [
    'a later version',
    JSON.stringify({ ...EVAL, schema: 'asp.result/2' }),
    'of another version of asp, its schema is "asp.result/2", and this one reads asp.result/1',
  ],
  [
    'another kind',
    JSON.stringify(RECORDS['ppl.json']),
    'must be a record of asp eval, got one of asp ppl (asp.ppl/1)',
  ],
  ['half a record', '{"schema":"asp.result/1"}', 'not a whole asp.result/1 record: kind is missing'],
  [
    'a value of the wrong type',
    changed((copy) => Object.assign(copy, { command: 'asp' })),
    'not a whole asp.result/1 record: command must be array, got "asp"',
  ],
  [
    'a number that is none any more once it is read',
    changed((copy) => Object.assign(copy.timing, { load_s: 'huge' })).replace('"huge"', '1e999'),
    'not a whole asp.result/1 record: timing.load_s must be number, got null',
  ],
  [
    'a day that no calendar has',
    changed((copy) => Object.assign(copy, { date: 1e21 })),
    'not a whole asp.result/1 record: date must be at most 8640000000000, got 1e+21',
  ],
  [
    'a word nobody knows',
    changed((copy) => Object.assign(copy, { status: 'done' })),
    'not a whole asp.result/1 record: status must be one of "complete", "incomplete", got "done"',
  ],
  [
    'a missing key',
    changed((copy) => Reflect.deleteProperty(copy.tasks[TASK].per_document, 'metrics')),
    `not a whole asp.result/1 record: tasks.${TASK}.per_document.metrics is missing`,
  ],
  [
    'a task without results',
    changed((copy) => Reflect.deleteProperty(copy.results, TASK)),
    `not a whole asp.result/1 record: results.${TASK} is missing`,
  ],
  [
    'results of no task',
    changed((copy) => Reflect.deleteProperty(copy.tasks, TASK)),
    `not a whole asp.result/1 record: results must be of tasks, got "${TASK}"`,
  ],
  [
    'a column that is too short',
    changed((copy) => copy.tasks[TASK].per_document.logprob.pop()),
    `not a whole asp.result/1 record: tasks.${TASK}.per_document.logprob must have ${DOCUMENTS} items, got ${DOCUMENTS - 1}`,
  ],
]
for (const [what, text, message] of REFUSED) {
  test(`refuses ${what}`, async () => {
    const file = fileOf(text)
    const failure = await failureOf(readRecord(file, [EVAL_SCHEMA]))
    assert.is(failure.message, `${file}: ${message}`)
    assert.is(failure.exit, EXIT.usage)
    assert.ok(failure.hint)
    assert.not.match(failure.message + failure.hint, /\n/)
  })
}

test('says of null for a number what it stands for', async () => {
  const text = changed((copy) => Object.assign(copy.tasks[TASK].per_document.logprob, { 0: null }))
  const failure = await failureOf(readRecord(fileOf(text), [EVAL_SCHEMA]))
  assert.match(failure.message, /logprob\[0\] must be number, got null$/)
  assert.match(failure.hint ?? '', /not finite/)
})

test('refuses a log with a line that is none, or with a hole, by its number', async () => {
  const lines: [string, RegExp][] = [
    [`${LOG}{"kind":"step"}\n{}\n`, /a\.json, line 8: not a line of a training's log: step is missing$/],
    [`${LOG}oops\n{}\n`, /a\.json, line 8: .*: kind must be step or eval$/],
  ]
  for (const [text, message] of lines)
    assert.match((await failureOf(readRecord(fileOf(text), ALL))).message, message)
})

test.run()
