/** The page of drop statistics in a real browser: plots are there, layer and age change them, tables sort. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DropStatsRecord } from '../../src/record/drops/stats-schema.js'
import { dropStatsPage } from '../../src/report/pages.js'
import { browserTest, type Visit, visit } from '../browser.js'
import { buildClient } from '../client.js'
import { workFolder } from '../commands/asp.js'
import { patternRun, statsRecord, statsRun } from '../record/drop-stats-fixture.js'

buildClient()
const folder = workFolder()

async function open(record: DropStatsRecord, look: (visit: Visit) => Promise<void>): Promise<void> {
  const file = join(folder, 'stats.html')
  writeFileSync(file, await dropStatsPage(record))
  await visit(pathToFileURL(file).href, look)
}

/** First cells of a section's rows, with the cell under `head`. */
async function column(page: Page, dimension: string, head: string): Promise<(string | null)[][]> {
  const section = page.locator(`section[data-dimension="${dimension}"]`)
  const heads = await section.locator('thead th').allTextContents()
  const at = heads.indexOf(head)
  assert.ok(at >= 0, `${head} in ${heads}`)
  const rows = await section.locator('tbody tr').all()
  return Promise.all(
    rows.map(async (row) => {
      const cells = await row.locator('td').allTextContents()
      return [cells[0], cells[at]]
    }),
  )
}

const record = statsRecord()
const test = suite('page of drop statistics')

browserTest(test, 'plots and tables of one checkpoint; layer and age change both', () =>
  open(record, async ({ page, faults }) => {
    assert.equal(
      await page
        .locator('section')
        .evaluateAll((found) => found.map((one) => one.getAttribute('data-dimension'))),
      ['all', 'kind', 'part_of_speech', 'place_in_word', 'position'],
    )
    // Curves, survivors and killers of each dimension but the first, with a legend each.
    assert.is(await page.locator('figure').count(), 1 + 4 * 3)
    assert.ok(await page.locator('figure svg path').count())
    await page.locator('#age').fill('1')
    assert.equal(await column(page, 'kind', 'Alive 2 later'), [
      ['punctuation', '75.0 %'],
      ['stop word', '91.7 %'],
      ['content word', '37.5 %'],
    ])
    // Two layers are no more tokens than one.
    const aged = await column(page, 'all', 'Tokens')
    const { ages } = record.runs[0].dimensions[0].classes[0].layers[0]
    assert.equal(
      aged.map(([, tokens]) => tokens),
      ages.of.map((tokens) => tokens.toLocaleString('en-US')),
    )
    await page.locator('#layer').selectOption('1')
    assert.equal(await column(page, 'all', 'Tokens'), aged)
    assert.equal(await column(page, 'kind', 'Alive 2 later'), [
      ['punctuation', '50.0 %'],
      ['stop word', '100.0 %'],
      ['content word', '50.0 %'],
    ])
    assert.equal(await column(page, 'kind', 'Over base'), [
      ['punctuation', '×1.75'],
      ['stop word', '×0.58'],
      ['content word', '×0.88'],
    ])
    await page.locator('section[data-dimension="kind"] thead').getByText('Kills', { exact: true }).click()
    assert.equal(
      (await column(page, 'kind', 'Kills')).map(([, kills]) => kills),
      ['2', '1', '1'],
    )
    assert.equal(faults, [])
  }),
)

browserTest(test, 'checkpoints side by side, one of which kills nobody', () =>
  open(statsRecord([statsRun(), patternRun()]), async ({ page, faults }) => {
    const rows = await column(page, 'kind', 'Kills')
    assert.is(rows.length, 6)
    assert.equal(rows.filter(([, kills]) => kills === '-').length, 3)
    assert.is(await page.getByRole('heading', { name: /^Words that kill the most/ }).count(), 1)
    assert.equal(faults, [])
  }),
)

browserTest(test, 'on paper without controls', () =>
  open(statsRecord(), async ({ page }) => {
    await page.emulateMedia({ media: 'print' })
    assert.not(await page.locator('#layer').isVisible())
    assert.ok(await page.locator('section table').first().isVisible())
  }),
)

test('the page is under 3 MB, twelve checkpoints of it too', async () => {
  const runs = Array.from({ length: 12 }, () => statsRun())
  assert.ok(Buffer.byteLength(await dropStatsPage(statsRecord(runs))) < 3e6)
})

test.run()
