/** The page's data: what it says of each record, and that a large sweep still makes a small page. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord } from '../../src/record/build.js'
import type { SweepRecord } from '../../src/record/sweep-schema.js'
import { pageDataOf, renderReport } from '../../src/report/report-page.js'
import { buildClient } from '../client.js'
import { hellaswag, recordParts } from '../record/fixture.js'
import { sweepRecord } from '../record/sweep-fixture.js'
import { loaded } from './records-fixture.js'

buildClient()

const OPTIONS = { title: 'A title', made: new Date('2026-01-02T03:04:05Z') }

const test = suite('report page')

test('every record is listed with what it was made by', () => {
  const { title, made, records } = pageDataOf(loaded(), OPTIONS)
  assert.is(title, 'A title')
  assert.is(made, '2026-01-02T03:04:05.000Z')
  assert.equal(
    records.map(({ file, schema, status, model }) => [file, schema, status, model]),
    [
      ['dense.json', 'asp.result/1', 'complete', 'asp-tiny'],
      ['adaptive.json', 'asp.result/1', 'complete', 'asp-tiny'],
      ['ppl.json', 'asp.ppl/1', 'complete', 'asp-tiny'],
      ['ppl-local.json', 'asp.ppl/1', 'complete', 'asp-tiny'],
      ['bench.json', 'asp.bench/1', 'complete', 'asp-tiny'],
      ['train.json', 'asp.train/1', 'complete', 'asp-tiny-dense'],
      ['train-log.jsonl', 'asp.train-log/1', '4 steps', 'asp-tiny-dense'],
      ['control-log.jsonl', 'asp.train-log/1', '4 steps', 'asp-tiny-dense'],
      ['sweep.json', 'asp.sweep/1', 'complete', 'asp-tiny'],
      ['compare.json', 'asp.compare/1', 'worse', records[9].model],
    ],
  )
  assert.equal(records[0], {
    file: 'dense.json',
    schema: 'asp.result/1',
    status: 'complete',
    date: '2026-01-02T03:04:05.678Z',
    model: 'asp-tiny',
    adapter: 'llvmpipe (LLVM 19.1.7, 256 bits)',
    version: '0.1.0',
    commit: null,
    command: 'asp eval hellaswag --sparsity 0.8',
  })
})

test('ten policies at five sparsities over ten suites of a model of 48 layers make less than 3 MB', async () => {
  const layers = Array.from({ length: 48 }, (_, i) => 3e6 + 12345 * i)
  const { counts } = hellaswag
  const tasks = Array.from({ length: 10 }, (_, i) => ({
    ...hellaswag,
    name: `suite_number_${i}`,
    counts: { ...counts, removed: layers, kept: layers },
  }))
  const record = buildRecord(recordParts({ tasks }))
  const cells: SweepRecord['cells'] = Array.from({ length: 50 }, (_, i) => ({
    ...sweepRecord().cells[1],
    id: `adaptive-${i}`,
    sparsity: i / 50,
    eval: { ...record, sparsity: { ...record.sparsity, requested: i / 50 } },
  }))
  const html = await renderReport([{ file: 'sweep.json', record: sweepRecord({ cells }) }], OPTIONS)
  assert.ok(html.length < 3e6, `${html.length} bytes`)
  assert.ok(html.length > 5e5, 'it does hold the figures')
})

test.run()
