/** The page's data: what it says of each record, and that a large sweep still makes a small page. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord } from '../../src/record/eval/build.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { pageDataOf, reportPage } from '../../src/report/pages.js'
import { browserTest, visit } from '../browser.js'
import { buildClient } from '../client.js'
import { workFolder } from '../commands/asp.js'
import { hellaswag, recordParts } from '../record/fixture.js'
import { sweepRecord } from '../record/sweep-fixture.js'
import { loaded } from './records-fixture.js'

buildClient()

const OPTIONS = { title: 'A title', made: new Date('2026-01-02T03:04:05Z') }

const test = suite('report page')

test('every record is listed with what it was made by', () => {
  const { title, made, x, records } = pageDataOf(loaded(), OPTIONS)
  assert.is(x, 'sparsity')
  assert.is(pageDataOf(loaded(), { ...OPTIONS, x: 'footprint' }).x, 'footprint')
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

test('the page carries the notices of what is bundled into it, once', async () => {
  const html = await reportPage(loaded('dense.json'), OPTIONS)
  assert.is(html.match(/Copyright 2020-2025 Observable, Inc\./g)?.length, 1)
  assert.match(html, /this permission notice appear in all copies/)
})

/** The page of a sweep over so many suites, with so many cells, of a model of 48 layers. */
async function sweepPage(suites: number, points: number): Promise<string> {
  const layers = Array.from({ length: 48 }, (_, i) => 3e6 + 12345 * i)
  const { counts } = hellaswag
  const tasks = Array.from({ length: suites }, (_, i) => ({
    ...hellaswag,
    name: `suite_number_${i}`,
    counts: { ...counts, removed: layers, kept: layers },
  }))
  const record = buildRecord(recordParts({ tasks }))
  const cells: SweepRecord['cells'] = Array.from({ length: points }, (_, i) => ({
    ...sweepRecord().cells[1],
    id: `adaptive-${i}`,
    sparsity: i / points,
    eval: { ...record, sparsity: { ...record.sparsity, requested: i / points } },
  }))
  return reportPage([{ file: 'sweep.json', record: sweepRecord({ cells }) }], OPTIONS)
}

test('fifty cells over ten suites make a page of less than 3 MB that does hold the figures', async () => {
  const large = await sweepPage(10, 50)
  assert.ok(large.length < 3e6, `${large.length} bytes`)
  assert.ok(large.length > 5e5, `${large.length} bytes`)
})

browserTest(
  test,
  'of many plots the first are drawn at once, the others when asked for or printed',
  async () => {
    const file = join(workFolder(), 'large.html')
    writeFileSync(file, await sweepPage(7, 4))
    const url = pathToFileURL(file).href
    await visit(url, async ({ page, faults }) => {
      const section = page.locator('#quality-against-sparsity')
      const figures = section.locator('figure')
      await figures.first().waitFor()
      assert.is(await figures.count(), 12)
      assert.is(await section.locator('table').count(), 0)
      await section.getByText('2 more plots').click()
      await figures.nth(13).waitFor()
      assert.is(await figures.count(), 14)
      await section.getByText('Table: scores (56 rows)').click()
      // A section is filled when it tells that it has been opened, which is after the click.
      await section.locator('tbody tr').first().waitFor()
      assert.is(await section.locator('tbody tr').count(), 56)
      assert.equal(faults, [])
    })
    await visit(url, async ({ page }) => {
      const figures = page.locator('#quality-against-sparsity figure')
      await figures.first().waitFor()
      await page.pdf({ pageRanges: '1' })
      assert.is(await figures.count(), 14)
    })
  },
)

test.run()
