/** `asp report` of a record of `asp recall`, in a browser: a plot for each task and length, and the table. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { reportPage } from '../../src/report/pages.js'
import { browserTest, visit } from '../browser.js'
import { buildClient } from '../client.js'
import { workFolder } from '../commands/asp.js'

buildClient()

const test = suite('recall on the page')
const FILE = new URL('../../results/recall-asp-tiny.json', import.meta.url)

browserTest(test, 'grids of length and depth, plots by depth and by distance, and their rows', async () => {
  const record = JSON.parse(readFileSync(FILE, 'utf8')) as SweepRecord
  const path = join(workFolder(), 'recall.html')
  const options = { title: 'Recall', made: new Date(0) }
  writeFileSync(path, await reportPage([{ file: 'recall.json', record }], options))
  await visit(pathToFileURL(path).href, async ({ page, faults }) => {
    const section = page.locator('#recall-by-length-and-depth')
    const titles = await section.locator('figcaption > span').allInnerTexts()
    for (const task of ['recall_copy_random', 'recall_passkey'])
      for (const figure of ['Right', 'Margin in nats'])
        assert.is(
          titles.filter((title) => title.startsWith(`${figure}, ${task}`)).length,
          1,
          titles.join('; '),
        )
    const grid = section.locator('figure').first()
    // Four policies, two lengths, three depths: a cell each, with its figure.
    assert.is(await grid.locator('[aria-label=cell] rect').count(), 4 * 2 * 3)
    const [dense] = record.cells
    const { metrics, recall } = dense.eval?.tasks['recall_copy_random.128'].per_document ?? {}
    const deep = recall?.cells.depth.flatMap((depth, i) => (depth === 1 ? [metrics?.acc[i] ?? 0] : [])) ?? []
    const right = deep.reduce((sum, own) => sum + own, 0) / deep.length
    assert.is((await grid.locator('[aria-label=text] text').allTextContents())[3], right.toFixed(2))
    assert.match((await grid.textContent()) ?? '', /adaptive at 0\.5/)
    assert.match(await section.innerText(), /recall_copy_random, 512 tokens/)
    assert.match(await section.innerText(), /Table: recall \(48 rows\)/i)
    const far = page.locator('#recall-by-distance')
    assert.is(await far.locator('figure').count(), 2)
    assert.match(await far.innerText(), /Table: recall by distance \(\d+ rows\)/i)
    if (process.env.ASP_SHOT) await section.screenshot({ path: process.env.ASP_SHOT })
    assert.equal(faults, [])
  })
})

test.run()
