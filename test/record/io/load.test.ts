/** Records of every kind read back from files and folders, and what is refused in one line. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../../src/errors.js'
import { loadRecords } from '../../../src/record/io/load.js'
import { workFolder } from '../../commands/asp.js'
import { RECORDS } from '../../report/records-fixture.js'
import { logText } from '../train-fixture.js'

const workplace = workFolder()
const folder = join(workplace, 'records')
mkdirSync(folder)
const LOG = logText(RECORDS['train-log.jsonl'])
for (const [file, record] of Object.entries(RECORDS)) {
  const text = record.schema === 'asp.train-log/1' ? logText(record) : JSON.stringify(record)
  writeFileSync(join(folder, file), text)
}
for (const [file, text] of [
  ['tokenizer.json', '{"version":"1.0"}'],
  ['samples.jsonl', '{"doc_id":1}\n{"doc_id":2}\n'],
  ['notes.txt', 'hello'],
]) {
  writeFileSync(join(folder, file), text)
}

/** What is thrown for a file with this text. */
async function failureOf(text: string | null): Promise<Failure> {
  const own = mkdtempSync(join(workplace, 'bad-'))
  const file = join(own, 'bad.json')
  if (text !== null) writeFileSync(file, text)
  try {
    await loadRecords([file])
  } catch (error) {
    assert.instance(error, Failure)
    ;(error as Failure).message = (error as Failure).message.replace(`${own}/`, '')
    return error as Failure
  }
  throw new Error('not refused')
}

const test = suite('load')

test('a record comes back as it was written, whatever its kind, and a log by its lines', async () => {
  for (const [file, record] of Object.entries(RECORDS)) {
    const [loaded] = await loadRecords([join(folder, file)])
    assert.equal(loaded, { file: join(folder, file), record: JSON.parse(JSON.stringify(record)) })
  }
})

test('a folder stands for its records by name, what else is in it is passed over', async () => {
  const loaded = await loadRecords([folder])
  assert.equal(
    loaded.map(({ file }) => file),
    Object.keys(RECORDS)
      .sort()
      .map((file) => join(folder, file)),
  )
})

test('a file that is named twice is read once', async () => {
  const file = join(folder, 'ppl.json')
  const loaded = await loadRecords([file, folder, file])
  assert.is(loaded.length, Object.keys(RECORDS).length)
  assert.is(loaded[0].file, file)
})

test('a log that is being written is read up to its last whole line', async () => {
  const file = join(workplace, 'log.jsonl')
  const read = async (text: string): Promise<number> => {
    writeFileSync(file, text)
    const [{ record }] = await loadRecords([file])
    return record.schema === 'asp.train-log/1' ? record.steps.length : -1
  }
  assert.is(await read(LOG), 4)
  const [head, evaluation, first, second] = LOG.split('\n')
  assert.is(await read(`${head}\n`), 0)
  assert.is(await read([head, evaluation, first, second.slice(0, 40)].join('\n')), 1)
})

const REFUSED: [what: string, text: string | null, message: RegExp][] = [
  ['nothing of that name', null, /^bad\.json: cannot be read \(no such file or folder\)$/],
  ['no JSON', 'hello', /^bad\.json: not JSON$/],
  ['no record', '[1]', /^bad\.json: a record must be an object$/],
  ['no format', '{"a":1}', /^bad\.json: not a record that can be read here, its schema is none$/],
  [
    'another format',
    '{"schema":"asp.trace/1"}',
    /^bad\.json: not a record that can be read here, its schema is "asp\.trace\/1"$/,
  ],
  ['half a record', '{"schema":"asp.ppl/1"}', /^bad\.json: not a whole asp\.ppl\/1 record: kind is missing$/],
  [
    'a log with a line that is none',
    `${LOG}{"kind":"step"}\n{}\n`,
    /^bad\.json, line 8: not a line of a training's log: step is missing$/,
  ],
  ['a log with a hole', `${LOG}oops\n{}\n`, /^bad\.json, line 8: .*: kind must be step or eval$/],
]
for (const [what, text, message] of REFUSED) {
  test(`refuses ${what}`, async () => {
    const failure = await failureOf(text)
    assert.match(failure.message, message)
    assert.is(failure.exit, 2)
    assert.ok(failure.hint)
  })
}

test('refuses a folder without records', async () => {
  const empty = join(workplace, 'empty')
  mkdirSync(empty)
  writeFileSync(join(empty, 'config.json'), '{}')
  try {
    await loadRecords([empty])
    assert.unreachable()
  } catch (error) {
    assert.match((error as Failure).message, /empty: no record in this folder$/)
  }
})

test.run()
