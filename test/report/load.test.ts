/** Records of every kind a report takes, from files and folders; test/record/io/read.test.ts has what is refused. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '../../src/errors.js'
import { loadRecords } from '../../src/report/load.js'
import { workFolder } from '../commands/asp.js'
import { logText } from '../record/train-fixture.js'
import { RECORDS } from './records-fixture.js'

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
  const read = async (text: string | Buffer): Promise<number> => {
    writeFileSync(file, text)
    const [{ record }] = await loadRecords([file])
    return record.schema === 'asp.train-log/1' ? record.steps.length : -1
  }
  assert.is(await read(LOG), 4)
  const [head, evaluation, first, second] = LOG.split('\n')
  assert.is(await read(`${head}\n`), 0)
  assert.is(await read([head, evaluation, first, second.slice(0, 40)].join('\n')), 1)
  const half = Buffer.from('{"kind":"step","note":"\u00e9').subarray(0, -1)
  assert.is(await read(Buffer.concat([Buffer.from([head, evaluation, first, ''].join('\n')), half])), 1)
})

test('a damaged record in a folder is left out and named; given by itself it is refused', async () => {
  const mixed = join(workplace, 'mixed')
  mkdirSync(mixed)
  const whole = JSON.stringify(RECORDS['ppl.json'])
  writeFileSync(join(mixed, 'b.json'), whole)
  writeFileSync(join(mixed, 'a.json'), whole.slice(0, 2000))
  writeFileSync(join(mixed, 'd.json'), Buffer.from(whole.replace('"ppl"', '"ppl\xe9"'), 'latin1'))
  writeFileSync(join(mixed, 'c.json'), whole.replace('"nll":', '"mll":'))
  const skipped: string[] = []
  const loaded = await loadRecords([mixed], ({ message }) => skipped.push(message))
  assert.equal(
    loaded.map(({ file }) => file),
    [join(mixed, 'b.json')],
  )
  assert.is(skipped.length, 3)
  assert.match(skipped[2], /d\.json: not JSON$/)
  assert.match(skipped[0], /a\.json: not JSON$/)
  assert.match(skipped[1], /c\.json: not a whole asp\.ppl\/1 record: .*nll is missing$/)
  for (const path of [join(mixed, 'a.json'), join(mixed, 'c.json')])
    await loadRecords([mixed, path]).then(
      () => assert.unreachable(),
      ({ exit }: Failure) => assert.is(exit, 2),
    )
})

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
  writeFileSync(join(empty, 'torn.json'), '{"schema": "asp.ppl/1", ')
  const said: string[] = []
  try {
    await loadRecords([empty], ({ message }) => said.push(message))
    assert.unreachable()
  } catch (error) {
    assert.match((error as Failure).message, /empty: no whole record in this folder$/)
    assert.is(said.length, 1)
  }
})

test.run()
